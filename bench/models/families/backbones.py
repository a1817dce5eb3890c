"""Backbones alone: they give features, which are timed and compared, and no labels."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar

from bench.models.families.base import FEATURES, Family, normalized


class Backbone(Family):
    """Last hidden state of a network without a head."""

    outputs = FEATURES
    tasks = ()


class ResNet(Backbone):
    """He et al., CVPR 2016."""

    architecture = "ResNetModel"


class EfficientNet(Backbone):
    """Tan and Le, ICML 2019."""

    architecture = "EfficientNetModel"

    def seeded(self, model: Any) -> None:
        """Statistics that keep the signal: without them all features are 0."""
        normalized(model)


class ConvNext(Backbone):
    """Liu et al., CVPR 2022."""

    architecture = "ConvNextModel"


class Swin(Backbone):
    """Liu et al., ICCV 2021."""

    architecture = "SwinModel"


class Vit(Backbone):
    """Dosovitskiy et al., ICLR 2021; positions are interpolated for another size."""

    architecture = "ViTModel"
    built: ClassVar[Mapping[str, Any]] = MappingProxyType({"add_pooling_layer": False})
    arguments: ClassVar[Mapping[str, Any]] = MappingProxyType({"interpolate_pos_encoding": True})
    patch: ClassVar[int] = 16

    def size_multiple(self, config: Mapping[str, Any]) -> int:
        """Side of a patch."""
        return int(config.get("patch_size", self.patch))


class Dinov2(Vit):
    """Oquab et al., TMLR 2024."""

    architecture = "Dinov2Model"
    built: ClassVar[Mapping[str, Any]] = MappingProxyType({})
    arguments: ClassVar[Mapping[str, Any]] = MappingProxyType({})
    patch = 14
