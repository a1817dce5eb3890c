"""UPerNet (Xiao et al., ECCV 2018) on a backbone of the library: ResNet, Swin, ConvNeXt, DINOv2."""

from collections.abc import Mapping
from typing import Any

from bench.models.families.base import STAGES, Family, below


class UPerNet(Family):
    """A feature pyramid with pyramid pooling on top of any backbone."""

    architecture = "UperNetForSemanticSegmentation"
    rules = (
        (r"decode_head\.classifier", "heads"),
        (r"decode_head", "decoder"),
        *below("backbone", STAGES),
    )

    def size_multiple(self, config: Mapping[str, Any]) -> int:
        """The patch's side where the backbone cuts patches and has no stages, else 32."""
        backbone = config.get("backbone_config") or {}
        plain = backbone.get("model_type") in {"beit", "dinov2", "dinov2_with_registers", "vitdet"}
        return int(backbone.get("patch_size", 32)) if plain else 32

    def ready(self, model: Any) -> None:
        """Without the auxiliary head: it serves training alone, and PyTorch would run it at every call."""
        model.auxiliary_head = None
