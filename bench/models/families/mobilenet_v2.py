"""DeepLabV3+ on MobileNetV2 (Sandler et al., CVPR 2018; Chen et al., ECCV 2018)."""

from typing import Any

from bench.models.families.base import Family, normalized


class MobileNetV2(Family):
    """Inverted residuals, and pyramid pooling with one dilated convolution."""

    architecture = "MobileNetV2ForSemanticSegmentation"
    rules = (
        (r"segmentation_head\.classifier", "heads"),
        (r"segmentation_head", "decoder"),
        (r"mobilenet_v2\.conv_stem", "backbone.stem"),
        (r"mobilenet_v2", "backbone"),
    )

    def seeded(self, model: Any) -> None:
        """Statistics that keep the signal: without them all logits are equal."""
        normalized(model)
