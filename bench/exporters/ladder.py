"""The ladder of an export: paths to the same artifact, tried in order until one works.

Every path is a named callable. What the exporters refuse differs: torch.export captures a graph without
or with Python's bytecode analysed (strict), and refuses branches that depend on data; a trace follows
one input, and freezes such branches; some attention kernels and `grid_sample` have no counterpart in a format.
"""

import re
import time
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from bench import registry
from bench.errors import ExportFailed, SegbenchError
from bench.exporters.base import ExportJob
from bench.exporters.gather import gathered
from bench.record.rung import Rung

T = TypeVar("T")
Paths = Mapping[str, Callable[[], T]]
"""Name of a path -> what makes the artifact on it; it builds its own module, since a failure may spoil one."""

LONGEST = 300
"""Characters of a message that are kept."""
_OPERATOR = re.compile(r"aten(?:\.|::)\w+(?:\.\w+)?")


def climb(paths: Paths[T], only: str = "") -> tuple[T, tuple[Rung, ...]]:
    """What the first path that works gives, and every path that was tried; `only` names the one to try.

    Raises:
        UnknownName: there is no such path.
        ExportFailed: none works; it holds what became of each.
    """
    if only:
        paths = {only: registry.named(paths, "export path", only)}
    rungs: list[Rung] = []
    for name, make in paths.items():
        began = time.monotonic()
        try:
            made = make()
        except SegbenchError:  # about the weights or the suite: no other path would differ
            raise
        except Exception as e:  # noqa: BLE001 - what an exporter raises is of many trees
            operator, module, message = explained(e)
            where = {"operator": operator, "module": module, "message": message}
            rungs.append(Rung(name=name, ok=False, wall_s=_since(began), **where))
            continue
        rungs.append(Rung(name=name, ok=True, wall_s=_since(began)))
        return made, tuple(rungs)
    first = rungs[0]
    many = f"None of {len(rungs)} export paths works; the first" if len(rungs) > 1 else "The path"
    raise ExportFailed(
        f"{many}, {first.name!r}, fails {first.why}",
        rungs=tuple(rung.model_dump() for rung in rungs),
    )


def programs(
    job: ExportJob, example: Any, dynamic: Any = None
) -> dict[str, Callable[[], tuple[Any, Any]]]:
    """Paths to the job's module and its `torch.export.ExportedProgram`; `dynamic` as torch.export takes it."""

    def captured(module: Any, *, strict: bool = False) -> tuple[Any, Any]:
        import torch.fx.experimental._config

        # As torch's own ONNX exporter captures: a dynamic dimension may be 1 in the example.
        shapes: Any = torch.fx.experimental._config  # noqa: SLF001
        oblivious = shapes.patch(backed_size_oblivious=True)
        with torch.no_grad(), warnings.catch_warnings(), oblivious:
            warnings.simplefilter("ignore")
            return module, torch.export.export(
                module, (example,), dynamic_shapes=dynamic, strict=strict
            )

    def rewritten() -> tuple[Any, Any]:
        with gathered():
            return captured(job.module())

    return {
        "export": lambda: captured(job.module()),
        "strict": lambda: captured(job.module(), strict=True),
        "eager-attention": lambda: captured(eager(job.module())),
        "gather": rewritten,
    }


def then(paths: Paths[T], make: Callable[[T], Any]) -> dict[str, Callable[[], Any]]:
    """The same paths, each followed by `make`."""

    def both(path: Callable[[], T]) -> Any:
        return make(path())

    return {name: partial(both, path) for name, path in paths.items()}


def eager(module: Any) -> Any:
    """The module with plain attention, matrix products and a softmax; ValueError where it has no other."""
    chosen = [m for m in module.modules() if hasattr(m, "set_attn_implementation")]
    others = [m for m in chosen if m.config._attn_implementation != "eager"]  # noqa: SLF001
    if not others:
        raise ValueError("not tried: the model has no attention but the eager one")
    for each in others:
        each.set_attn_implementation("eager")
    return module


def explained(error: BaseException) -> tuple[str, str, str]:
    """Operator, path of the module, and one sentence, of what an exporter raised; the first two may be empty."""
    chain = list(_chain(error))
    places = list(map(_place, chain))
    operator = next((p.operator for p in places if p.operator), "")
    where = next((p for p in places if p.module), _Place())
    if not operator:
        found = (m for m in (_OPERATOR.search(str(e)) for e in chain) if m)
        operator = next((m.group().replace("::", ".") for m in found), "")
    return operator, where.module, f"{_sentence(chain[0])}{where.line}"


@dataclass(frozen=True)
class _Place:
    operator: str = ""
    module: str = ""
    line: str = ""
    """` (FILE, line N)` of the module's code."""


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The exception and its causes, the first cause first."""
    if error.__cause__ is not None:
        yield from _chain(error.__cause__)
    yield error


def _place(error: BaseException) -> _Place:
    """What the frames tell that the exception passed, the innermost of each kind."""
    import torch

    root, found = None, _Place()
    for frame, line in traceback.walk_tb(error.__traceback__):
        here, code = frame.f_locals, frame.f_code
        node = here.get("node")
        if isinstance(node, torch.fx.Node) and node.op == "call_function":
            stack = list(node.meta.get("nn_module_stack", {}).values())
            return _Place(str(node.target), _shown(str(stack[-1][0])) if stack else "")
        owner = here.get(code.co_varnames[0]) if code.co_argcount else None
        if isinstance(owner, torch.nn.Module) and code.co_name == "forward":
            root = root or owner
            path = next((p for p, m in root.named_modules() if m is owner), "")
            found = _Place("", _shown(path), f" ({Path(code.co_filename).name}, line {line})")
    return found


def _shown(path: str) -> str:
    """Path in the model itself, without the wrappers of exporters and of the outputs' names."""
    return path.removeprefix("_export_root.").removeprefix("model.")


def _sentence(error: BaseException) -> str:
    lines = (line.strip() for line in str(error).splitlines())
    text = next((line for line in lines if line), "") or type(error).__name__
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


def _since(began: float) -> float:
    return round(time.monotonic() - began, 3)
