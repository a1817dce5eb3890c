"""SegFormer (Xie et al., NeurIPS 2021)."""

from bench.models.families.base import Family


class SegFormer(Family):
    """Four stages of a transformer, and a decoder of linear layers."""

    architecture = "SegformerForSemanticSegmentation"
    rules = (
        (r"decode_head\.classifier", "heads"),
        (r"decode_head", "decoder"),
        (r"segformer\.stages\.(?P<index>\d+)", "backbone.stage"),
        (r"segformer", "backbone"),
    )
