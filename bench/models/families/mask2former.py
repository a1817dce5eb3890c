"""Mask2Former (Cheng et al., CVPR 2022)."""

from bench.models.families.base import QUERIES, STAGES, Family, below


class Mask2Former(Family):
    """Backbone, pixel decoder with deformable attention, transformer decoder of queries."""

    architecture = "Mask2FormerForUniversalSegmentation"
    outputs = QUERIES
    tasks = ("semantic", "panoptic", "instance")
    query_tables = (
        "model.transformer_module.queries_features",
        "model.transformer_module.queries_embedder",
    )
    layer_lists = ("model.transformer_module.decoder.layers",)
    rules = (
        (r"(.*\.)?mask_predictor", "heads"),
        (r"class_predictor", "heads"),
        (r"model\.transformer_module", "transformer_decoder"),
        (r"model\.pixel_level_module\.decoder", "pixel_decoder"),
        *below(r"model\.pixel_level_module\.encoder", STAGES),
    )
