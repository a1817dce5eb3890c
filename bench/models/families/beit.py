"""BEiT (Bao et al., ICLR 2022) with a UPerNet head."""

from collections.abc import Mapping
from typing import Any

from bench.models.families.base import STAGES, Family, below


class Beit(Family):
    """A plain vision transformer with relative positions, and UPerNet's head."""

    architecture = "BeitForSemanticSegmentation"
    rules = (
        (r"decode_head\.classifier", "heads"),
        (r"decode_head", "decoder"),
        (r"fpn", "decoder"),
        *below("beit", STAGES[2:]),
    )

    def size_multiple(self, config: Mapping[str, Any]) -> int:
        """Side of a patch."""
        return int(config.get("patch_size", 16))

    def input_size(self, config: Mapping[str, Any]) -> tuple[int, int] | None:
        """The square that its positions were made for."""
        return (int(config.get("image_size", 224)),) * 2

    def ready(self, model: Any) -> None:
        """Without the auxiliary head: it serves training alone, and PyTorch would run it at every call."""
        model.auxiliary_head = None
