"""The micro architectures: small enough to train on a laptop, made of the library's own blocks.

Their configurations lie beside the shipped weights.
"""

from __future__ import annotations

import torch

from bench.models.named import eager
from bench.resources import weights_dir

NUM_LABELS = 19


def mask2former_micro() -> torch.nn.Module:
    """Untrained Mask2Former, 1.6 M parameters: Swin of width 24, one encoder layer, 20 queries."""
    from transformers import Mask2FormerConfig, Mask2FormerForUniversalSegmentation

    config = Mask2FormerConfig.from_pretrained(weights_dir() / "mask2former-micro")
    return eager(Mask2FormerForUniversalSegmentation, config)


def segformer_micro() -> torch.nn.Module:
    """Untrained SegFormer, 0.9 M parameters: widths 16, 32, 64, 128."""
    from transformers import SegformerConfig, SegformerForSemanticSegmentation

    config = SegformerConfig.from_pretrained(weights_dir() / "segformer-micro")
    return eager(SegformerForSemanticSegmentation, config)
