"""What a family's record says: the class, its outputs, its parts, and what it can do."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar

from bench.suite.model import Model

QUERIES = MappingProxyType({
    "class_logits": "class_queries_logits",
    "mask_logits": "masks_queries_logits",
})
LOGITS = MappingProxyType({"logits": "logits"})
FEATURES = MappingProxyType({"features": "last_hidden_state"})

STAGES = (
    (r"(.*\.)?hidden_states_norms\.stage(?P<stage>\d+)", "backbone.stage"),
    (r"(.*\.)?(layers|stages)\.(?P<index>\d+)", "backbone.stage"),
    (r"(.*\.)?(embeddings|embedder)", "backbone.stem"),
    (r".*", "backbone"),
)
"""Rules below the path of a backbone: stages of Swin, ResNet and ConvNeXt; a ViT has none."""


def below(path: str, rules: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """Rules that hold below a path."""
    return tuple((path if p == ".*" else rf"{path}\.{p}", part) for p, part in rules)


class Family:
    """A family; a leaf sets what differs from the defaults."""

    architecture: ClassVar[str]
    """Class in transformers."""
    outputs: ClassVar[Mapping[str, str]] = LOGITS
    """Our name of an output -> the library's field: `class_logits` and `mask_logits`, `logits`, or
    `features`."""
    built: ClassVar[Mapping[str, Any]] = MappingProxyType({})
    """Arguments of the library's class beside its configuration."""
    arguments: ClassVar[Mapping[str, Any]] = MappingProxyType({})
    """Constant arguments of the library's forward call."""
    files: ClassVar[tuple[str, ...]] = ()
    """Patterns of further files of a folder that determine what it computes."""
    tasks: ClassVar[tuple[str, ...]] = ("semantic",)
    """Tasks that its outputs answer; empty for a backbone, which gives features alone."""
    rules: ClassVar[tuple[tuple[str, str], ...]] = ()
    """(Pattern on the path of a module in it, part); the first match wins, and holds for everything
    below the module. A group `stage` counts from 1, `index` from 0."""

    query_tables: ClassVar[tuple[str, ...]] = ()
    """Paths of the embeddings that hold a row a query; empty = it has no queries."""
    layer_lists: ClassVar[tuple[str, ...]] = ()
    """Paths of the lists of the transformer decoder's layers; empty = it has none that can be left out."""

    def size_multiple(self, config: Mapping[str, Any]) -> int:
        """Multiple of which the sides of its input must be."""
        del config
        return 32

    def input_size(self, config: Mapping[str, Any]) -> tuple[int, int] | None:
        """Height and width of the only input that it takes; None = any."""
        del config
        return None

    def answers(self, spec: Model) -> tuple[str, ...]:
        """Tasks that a model of the family does."""
        del spec
        return self.tasks

    def inputs(
        self, spec: Model, config: Mapping[str, Any], folder: Path | None
    ) -> dict[str, list[list[int]]]:
        """Further inputs of the library's class, of one image each; `folder` has the weights, None = seeded."""
        del spec, config, folder
        return {}

    def seeded(self, model: Any) -> None:
        """Change untrained weights, where the library's let the signal vanish on its way."""

    def ready(self, model: Any) -> None:
        """Change a model that was built, so that every exporter takes it."""


def normalized(model: Any) -> None:
    """Draw an untrained net's kernels by size, and give its batch normalisation the statistics of noise.

    With the library's weights the signal of a deep convolutional net vanishes on its way. Kernels as in
    He et al., ICCV 2015.
    """
    import torch

    for module in model.modules():
        if isinstance(module, torch.nn.Conv2d):
            torch.nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
    layers = [m for m in model.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    momentum = [layer.momentum for layer in layers]
    for layer in layers:
        layer.momentum = None  # the next call's statistics count alone
        layer.reset_running_stats()
    model.train()
    with torch.no_grad():
        model(pixel_values=torch.randn(2, 3, 64, 64))
    for layer, before in zip(layers, momentum, strict=True):
        layer.momentum = before
    model.eval()
