"""Which part of a model is at work, told by hooks where a part begins and ends."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from bench.models.parts import parts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import torch


@contextmanager
def entered(
    module: torch.nn.Module, enter: Callable[[str], None], leave: Callable[[], None]
) -> Iterator[None]:
    """Context in which `enter(part)` and `leave()` are called around the calls of each part.

    Only modules that belong to another part than their parent are hooked: Mask2Former has some
    twenty of them among its 1200.
    """
    of = parts(module)

    def before(part: str) -> Callable[..., None]:
        return lambda *_: enter(part)

    def after(*_: Any) -> None:
        leave()

    with ExitStack() as hooks:
        for path, inner in module.named_modules():
            parent = path.rpartition(".")[0]
            if path and of[path] != of[parent]:
                hooks.enter_context(inner.register_forward_pre_hook(before(of[path])))
                hooks.enter_context(inner.register_forward_hook(after, always_call=True))
        yield
