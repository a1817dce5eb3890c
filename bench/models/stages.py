"""Outputs of a model's stages beside its own: what a comparison stage by stage needs."""

import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch

from bench.models.parts import OTHER, parts

PREFIX = "stage."
"""Begins the name of a stage's output."""
FINAL = (OTHER, "heads")
"""Parts that are no stages: what they compute are the model's own outputs."""


class Staged(torch.nn.Module):
    """The module with the outputs of its stages after its own, in the order of their last calls."""

    def __init__(self, module: Any, example: torch.Tensor) -> None:
        super().__init__()
        self.model = module
        paths = stages(module, example)
        self._stages, self._seen = tuple(paths), _Seen()
        self.output_names = (*module.output_names, *(PREFIX + name for name in paths))
        for name, path in paths.items():
            module.get_submodule(path).register_forward_hook(self._seen.hook(name))

    def forward(self, pixel_values: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Tensors, in the order of `output_names`."""
        out = self.model(pixel_values)
        return (*out, *map(self._seen.found.pop, self._stages))


@contextmanager
def tapped(module: Any, example: torch.Tensor) -> Iterator[dict[str, torch.Tensor]]:
    """Context in which the dict that it gives has the output of every stage of the module's last call."""
    seen = _Seen()
    hooks = [
        module.get_submodule(path).register_forward_hook(seen.hook(name))
        for name, path in stages(module, example).items()
    ]
    try:
        yield seen.found
    finally:
        for hook in hooks:
            hook.remove()


class _Seen:
    """Last output of every stage; no container that torch.export would look into."""

    def __init__(self, *, weak: bool = False) -> None:
        self.found: dict[str, Any] = {}
        self._weak = weak
        """Whether it holds weak references: a model's activations together may not fit."""

    def hook(self, name: str) -> Callable[..., None]:
        """Hook that keeps a module's output, where it is a tensor or has one."""

        def keep(_module: Any, _inputs: Any, output: Any) -> None:
            tensor = first(output)
            if tensor is not None:
                # The same stage again: the last call comes last.
                self.found.pop(name, None)
                self.found[name] = weakref.ref(tensor) if self._weak else tensor

        return keep


def stages(module: Any, example: torch.Tensor) -> dict[str, str]:
    """Stage -> path of the module that gives its output, in the order of their last calls on the example.

    Of a part that several modules belong to, the last that is called and gives a tensor which is none
    of the model's own outputs.
    """
    part = {path: name for path, name in parts(module).items() if path and name not in FINAL}
    seen = _Seen(weak=True)
    hooks = [module.get_submodule(path).register_forward_hook(seen.hook(path)) for path in part]
    try:
        with torch.no_grad():
            own = module(example)
    finally:
        for hook in hooks:
            hook.remove()
    last: dict[str, str] = {}
    for path, tensor in seen.found.items():
        if any(tensor() is output for output in own):
            continue  # an exporter gives one tensor one name
        last.pop(part[path], None)
        last[part[path]] = path  # a module is done after those within it
    # `backbone` is said by its stages.
    return {n: p for n, p in last.items() if not any(o.startswith(f"{n}.") for o in last)}


def first(output: Any) -> torch.Tensor | None:
    """The first floating-point tensor of what a module returned, or None."""
    if isinstance(output, torch.Tensor):
        return output if output.is_floating_point() else None
    inner = output.values() if isinstance(output, Mapping) else output
    if not isinstance(output, Mapping | tuple | list):
        return None
    return next((t for t in map(first, inner) if t is not None), None)
