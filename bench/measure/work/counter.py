"""Counts parameters, MACs and bytes of every part of a torch module, without computing anything."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.weak import WeakIdKeyDictionary

from bench.measure.work import rules
from bench.measure.work.components import entered
from bench.measure.work.graph import as_parts
from bench.models.parts import OTHER, parts
from bench.record.work import PartWork, WorkMeasurement

OVERWRITES = frozenset(("copy_", "fill_", "zero_"))
"""Operators whose first argument is written and never read."""


class _Tally(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Sees every aten operator, and charges it to the part that is at work."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.of: defaultdict[str, Counter[str]] = defaultdict(Counter)
        """Part -> MACs and bytes moved."""
        self.uncounted: Counter[str] = Counter()
        self.at_work = [OTHER]
        # Results of elementwise products that are still alive: sum() of one is a contraction.
        self._products = WeakIdKeyDictionary()

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        del types
        kwargs = kwargs or {}
        out = func(*args, **kwargs)
        if not rules.moves(func):
            return out
        name, mine = rules.name_of(func), self.of[self.at_work[-1]]
        read = args[1:] if name in OVERWRITES else args
        mine["moved"] += _bytes([*tree_leaves((read, kwargs))]) + _bytes(tree_leaves(out))
        plain = rules.functional(name)
        macs = rules.macs(plain, args, kwargs, out)
        if macs is not None:
            mine["macs"] += macs
        elif plain == "mul" and isinstance(args[1], torch.Tensor) and args[1].dim():
            self._products[out] = True
        elif plain == "sum" and args[0] in self._products:
            mine["macs"] += args[0].numel()
        elif plain not in rules.NO_MACS and not rules.elementwise(func):
            self.uncounted[name] += 1
        return out


def count(
    build: Callable[[], nn.Module], batch_size: int, size: tuple[int, int], bands: int = 3
) -> WorkMeasurement:
    """Work of one call, pixel values (N, bands, h, w), by part.

    The module runs on torch's meta device, where tensors have shapes and no values, within seconds. One
    whose course depends on values can't run there and is run on the processor instead.
    """
    shape = (batch_size, bands, *size)
    try:
        return _count(build().to("meta"), torch.empty(shape, device="meta"))
    except Exception:  # noqa: BLE001 - a user's module may fail there in any way
        return _count(build(), torch.zeros(shape))


def _count(module: nn.Module, x: torch.Tensor) -> WorkMeasurement:
    tally = _Tally()
    module.eval()
    with _plain_attention(), torch.no_grad(), entered(module) as tally.at_work, tally:
        module(x)
    return WorkMeasurement(
        batch_size=x.shape[0],
        height=x.shape[2],
        width=x.shape[3],
        parts=_parts(module, tally),
        uncounted=dict(sorted(tally.uncounted.items())),
    )


def _parts(module: nn.Module, tally: _Tally) -> tuple[PartWork, ...]:
    of = parts(module)
    stored = {part: Counter(tally.of[part]) for part in of.values()}
    # Each tensor once, under the first name that it has.
    tensors = ("parameters", module.named_parameters()), ("buffers", module.named_buffers())
    for kind, named in tensors:
        for path, tensor in named:
            mine = stored[of[path.rpartition(".")[0]]]
            mine[kind] += tensor.numel()
            dtype = str(tensor.dtype).removeprefix("torch.")
            mine[f"dtype {dtype}"] += tensor.numel() * tensor.element_size()
    return as_parts({part: mine for part, mine in stored.items() if any(mine.values())})


def _bytes(leaves: list[Any]) -> int:
    """Bytes of distinct tensors; an expanded one counts what it really holds."""
    seen = {id(t): t for t in leaves if isinstance(t, torch.Tensor)}
    return sum(_held(t) * t.element_size() for t in seen.values())


def _held(t: torch.Tensor) -> int:
    held = 1
    for length, step in zip(t.shape, t.stride(), strict=True):
        held *= length if step or not length else 1
    return held


@contextmanager
def _plain_attention() -> Iterator[None]:
    """Without torch's fused encoder layers, which are one operator of unknown content."""
    before = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(value=False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(value=before)
