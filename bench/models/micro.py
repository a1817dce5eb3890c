"""The micro architectures, of the library's own blocks; configurations lie beside the shipped weights."""

from typing import Any, cast

import torch

from bench.models.named import untrained
from bench.resources import weights_dir
from bench.suite.classes import CITYSCAPES

NUM_LABELS = 19
SLOTS = (*[1] * 11, 8, 3, 14, 3, 3, 2, 3, 4)
"""Queries of the panoptic model by trainId: one for a class of stuff, several for one of things."""


def mask2former_micro() -> torch.nn.Module:
    """Untrained Mask2Former, 1.6 M parameters: Swin of width 24, one encoder layer, 20 queries."""
    from transformers import Mask2FormerConfig, Mask2FormerForUniversalSegmentation

    config = Mask2FormerConfig.from_pretrained(weights_dir() / "mask2former-micro")
    return untrained(Mask2FormerForUniversalSegmentation, config)


def mask2former_micro_panoptic(start: str) -> torch.nn.Module:
    """The shipped model `start` with its query of each class copied, and shifted, `SLOTS` times."""
    from transformers import Mask2FormerForUniversalSegmentation

    model: Any = Mask2FormerForUniversalSegmentation.from_pretrained(
        weights_dir() / start, attn_implementation="eager"
    )
    copies = [c for c, n in enumerate(SLOTS) for _ in range(n)]
    module = model.model.transformer_module
    for table in (module.queries_features, module.queries_embedder):
        rows = table.weight.detach()[copies]
        table.weight = torch.nn.Parameter(rows + 0.3 * torch.randn(rows.shape))
        table.num_embeddings = len(copies)
    model.config.num_queries = len(copies)
    model.config.id2label = {c.train_id: c.name for c in CITYSCAPES}
    model.config.label2id = {c.name: c.train_id for c in CITYSCAPES}
    return cast("torch.nn.Module", model)


def segformer_micro() -> torch.nn.Module:
    """Untrained SegFormer, 0.9 M parameters: widths 16, 32, 64, 128."""
    from transformers import SegformerConfig, SegformerForSemanticSegmentation

    config = SegformerConfig.from_pretrained(weights_dir() / "segformer-micro")
    return untrained(SegformerForSemanticSegmentation, config)
