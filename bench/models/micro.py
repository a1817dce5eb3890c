"""The micro architectures: small enough to train on a laptop, made of the library's own blocks."""

from __future__ import annotations

import torch

from bench.models.named import eager

NUM_LABELS = 19


def mask2former_micro() -> torch.nn.Module:
    """Untrained Mask2Former, 1.6 M parameters: Swin of width 24, one encoder layer, 20 queries."""
    from transformers import Mask2FormerConfig, Mask2FormerForUniversalSegmentation, SwinConfig

    backbone = SwinConfig(
        image_size=256,
        embed_dim=24,
        depths=[2, 2, 2, 2],
        num_heads=[2, 4, 8, 16],
        window_size=8,
        drop_path_rate=0.0,
        out_features=["stage1", "stage2", "stage3", "stage4"],
    )
    config = Mask2FormerConfig(
        backbone_config=backbone,
        feature_size=64,
        mask_feature_size=64,
        hidden_dim=64,
        encoder_feedforward_dim=256,
        dim_feedforward=256,
        encoder_layers=1,
        decoder_layers=4,
        num_attention_heads=4,
        num_queries=20,
        num_labels=NUM_LABELS,
        dropout=0.0,
    )
    return eager(Mask2FormerForUniversalSegmentation, config)


def segformer_micro() -> torch.nn.Module:
    """Untrained SegFormer, 0.9 M parameters: widths 16, 32, 64, 128."""
    from transformers import SegformerConfig, SegformerForSemanticSegmentation

    config = SegformerConfig(
        hidden_sizes=[16, 32, 64, 128],
        depths=[2, 2, 2, 2],
        num_attention_heads=[1, 2, 4, 8],
        decoder_hidden_size=96,
        drop_path_rate=0.0,
        classifier_dropout_prob=0.0,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        num_labels=NUM_LABELS,
    )
    return eager(SegformerForSemanticSegmentation, config)
