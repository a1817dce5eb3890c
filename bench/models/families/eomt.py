"""EoMT (Kerssies et al., CVPR 2025): encoder-only mask transformer."""

from collections.abc import Mapping
from typing import Any

from bench.models.families.base import QUERIES, Family


class Eomt(Family):
    """A plain vision transformer, whose last blocks also attend to queries."""

    architecture = "EomtForUniversalSegmentation"
    outputs = QUERIES
    tasks = ("semantic", "panoptic", "instance")
    rules = (
        (r"mask_head", "heads"),
        (r"class_predictor", "heads"),
        (r"upscale_block", "decoder"),
        (r"embeddings", "backbone.stem"),
        (r"(layers|layernorm|query)", "backbone"),
    )

    def input_size(self, config: Mapping[str, Any]) -> tuple[int, int] | None:
        """The square that its positions were made for."""
        return (int(config.get("image_size", 640)),) * 2

    def ready(self, model: Any) -> None:
        """Make the share of masked attention in each block a constant, as exporters need it.

        Training lowers it to 0, and published weights have 0; untrained ones have 1.
        """
        shares = model.attn_mask_probs.tolist()
        del model.attn_mask_probs
        model.attn_mask_probs = shares
