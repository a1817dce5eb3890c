"""Losses of the micro models.

The Hungarian assignment of Mask2Former learns slowly from scratch and costs a third of a step. With
19 semantic classes it isn't needed: query k is bound to class k. Three terms are added: per-pixel
cross-entropy of a 1x1 head on the mask features (dropped after training), the cross-entropy of the
combined class-times-mask map of every decoder layer, and the bound queries' class and mask losses.
"""

from typing import Any

import torch
from torch.nn import functional as F

from bench.train.data import IGNORE

NO_OBJECT_WEIGHT = 0.2


def segformer_loss(
    outputs: Any, head: torch.nn.Module, y: torch.Tensor, weight: torch.Tensor
) -> torch.Tensor:
    """Cross-entropy of the logits, upsampled twice, against every second label."""
    return pixels(head(outputs.logits.float()), y, weight)


def mask2former_loss(
    outputs: Any, head: torch.nn.Module, y: torch.Tensor, weight: torch.Tensor
) -> torch.Tensor:
    """The three terms above, averaged over decoder layers."""
    total = pixels(head(outputs.pixel_decoder_last_hidden_state.float()), y, weight)
    layers = predictions(outputs)
    classes = weight.numel()
    coarse = y[:, 2::4, 2::4]
    onehot = F.one_hot(torch.where(coarse == IGNORE, classes, coarse), classes + 1)
    masks = onehot[..., :classes].permute(0, 3, 1, 2).float()
    valid = (coarse != IGNORE).float()[:, None]
    present = masks.sum((2, 3)) > 0
    for logits, mask in layers:
        combined = torch.einsum("bqc,bqhw->bchw", logits.softmax(-1)[..., :classes], mask.sigmoid())
        total = total + pixels(torch.log(combined + 1e-4), y, weight) / len(layers)
        total = total + _bound(logits, mask, masks, valid, present) / len(layers)
    return total


def predictions(outputs: Any) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Class logits (B, Q, C + 1) and mask logits (B, Q, h, w), float32, of each layer, last last."""
    keys = ("class_queries_logits", "masks_queries_logits")
    names, masks = (
        [a[k].float() for a in outputs.auxiliary_logits] + [getattr(outputs, k).float()]
        for k in keys
    )
    return list(zip(names, masks, strict=True))


def pixels(logits: torch.Tensor, y: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """Cross-entropy at half resolution."""
    up = F.interpolate(logits, scale_factor=2, mode="bilinear", align_corners=False)
    return F.cross_entropy(up, y[:, 1::2, 1::2], weight=weight, ignore_index=IGNORE)


def _bound(
    logits: torch.Tensor,
    mask: torch.Tensor,
    truth: torch.Tensor,
    valid: torch.Tensor,
    present: torch.Tensor,
) -> torch.Tensor:
    """Class cross-entropy, mask BCE and dice of queries bound to classes."""
    b, q, c1 = logits.shape
    classes = c1 - 1
    target = torch.full((b, q), classes, dtype=torch.long)
    ids = torch.arange(classes).expand(b, classes)
    target[:, :classes] = torch.where(present, ids, classes)
    weight = torch.ones(c1)
    weight[classes] = NO_OBJECT_WEIGHT
    name = F.cross_entropy(logits.transpose(1, 2), target, weight=weight)
    seen = valid.expand_as(truth)[present]
    return name + mask_loss(mask[:, :classes][present], truth[present], seen)


def mask_loss(mask: torch.Tensor, truth: torch.Tensor, valid: torch.Tensor) -> torch.Tensor:
    """BCE and dice, float32 (), of mask logits (M, h, w): the mean over the masks."""
    each = F.binary_cross_entropy_with_logits(mask, truth, reduction="none") * valid
    bce = each.sum((1, 2)) / valid.sum((1, 2)).clamp(min=1)
    prob = mask.sigmoid() * valid
    overlap = 2 * (prob * truth).sum((1, 2)) + 1
    dice = 1 - overlap / (prob.sum((1, 2)) + truth.sum((1, 2)) + 1)
    return 2.0 * bce.mean() + dice.mean()
