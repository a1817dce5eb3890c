"""A torch module with named outputs in a fixed order: what exporters and the torch backend take."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import torch

NONE: Mapping[str, Any] = MappingProxyType({})


class NamedOutputs(torch.nn.Module):
    """Pixel values, float (N, 3, h, w) -> tuple of tensors in the order of `output_names`."""

    def __init__(self, model: torch.nn.Module, output_names: tuple[str, ...]) -> None:
        super().__init__()
        self.model = model
        self.output_names = output_names

    def forward(self, pixel_values: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Tensors, in the order of `output_names`."""
        return self.pick(self.model(pixel_values))

    def pick(self, raw: Any) -> tuple[torch.Tensor, ...]:
        """Tensors out of what the model returned: a tensor, a tuple, or a mapping by name."""
        if isinstance(raw, torch.Tensor):
            return (raw,)
        if isinstance(raw, tuple | list):
            return tuple(raw[: len(self.output_names)])
        return tuple(raw[name] for name in self.output_names)


class TransformersOutputs(NamedOutputs):
    """The same for transformers' models, whose fields have longer names."""

    def __init__(
        self,
        model: torch.nn.Module,
        outputs: Mapping[str, str],
        inputs: Mapping[str, list[list[int]]] = NONE,
        arguments: Mapping[str, Any] = NONE,
    ) -> None:
        """`outputs`: our name -> the library's field; `inputs`: further inputs of one image, (1, ...)."""
        super().__init__(model, tuple(outputs))
        self._fields = tuple(outputs.values())
        self._arguments = dict(arguments)
        self._inputs = tuple(inputs)
        for name, values in inputs.items():
            self.register_buffer(name, torch.tensor(values), persistent=False)

    def forward(self, pixel_values: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Tensors, in the order of `output_names`."""
        count = pixel_values.shape[0]
        more = {name: getattr(self, name).expand(count, -1) for name in self._inputs}
        out = self.model(pixel_values=pixel_values, return_dict=True, **more, **self._arguments)
        return tuple(getattr(out, field) for field in self._fields)


def untrained(architecture: Any, config: Any, **more: Any) -> torch.nn.Module:
    """Untrained module with eager attention, the only one that every exporter accepts."""
    build = architecture._from_config  # noqa: SLF001 - no public constructor takes the choice
    module: torch.nn.Module = build(config, attn_implementation="eager", **more)
    return module
