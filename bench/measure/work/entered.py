"""Which part of a model is at work, told by hooks where a part begins and ends."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from bench.models.parts import OTHER, parts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import torch


@contextmanager
def entered(
    module: torch.nn.Module, border: Callable[[], None] = lambda: None
) -> Iterator[list[str]]:
    """Context in which a list holds the parts that are at work, the innermost last.

    `border` is called before each change. Only modules that belong to another part than their parent
    are hooked: Mask2Former has some twenty of them among its 1200.
    """
    of, at_work = parts(module), [OTHER]

    def enter(part: str) -> Callable[..., None]:
        def hook(*_: Any) -> None:
            border()
            at_work.append(part)

        return hook

    def leave(*_: Any) -> None:
        border()
        at_work.pop()

    with ExitStack() as hooks:
        for path, inner in module.named_modules():
            parent = path.rpartition(".")[0]
            if path and of[path] != of[parent]:
                hooks.enter_context(inner.register_forward_pre_hook(enter(of[path])))
                hooks.enter_context(inner.register_forward_hook(leave, always_call=True))
        yield at_work
