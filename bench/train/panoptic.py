"""Loss of the panoptic micro model.

Each query stays bound to a class, as in `losses`; a class of things has several, and a Hungarian
matching within the class says which of them draws which instance. Three terms are added: per-pixel
cross-entropy of a 1x1 head on the mask features, the cross-entropy over queries of the product that
post-processing maximises, and the matched queries' class and mask losses.
"""

from typing import Any

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment
from torch.nn import functional as F

from bench.models.micro import NUM_LABELS, SLOTS
from bench.train.data import IGNORE
from bench.train.losses import NO_OBJECT_WEIGHT, mask_loss, pixels, predictions

SMALLEST = 2
"""Pixels of the mask grid, of 16 image pixels each; a smaller segment counts as void."""
ANCHOR_WEIGHT = 0.5
"""What a query far from its place costs: stable matches from the first step on."""
OTHER_CLASS = 1e3
BOUND = torch.tensor([c for c, n in enumerate(SLOTS) for _ in range(n)])
"""Class of each query, int64 (Q,)."""
ANCHOR = torch.tensor([(k + 0.5) / n for n in SLOTS for k in range(n)])
"""Place of each query among those of its class, from the left edge (0) to the right (1)."""


def panoptic_loss(
    outputs: Any, head: torch.nn.Module, y: torch.Tensor, weight: torch.Tensor
) -> torch.Tensor:
    """The three terms above, float32 (), averaged over decoder layers; `y` as in `data`."""
    layers = predictions(outputs)
    image, query, truth = _targets(y[:, 2::4, 2::4], *(p.detach() for p in layers[-1]))
    drawn = torch.full_like(y[:, 2::4, 2::4], -100)
    for b, q, t in zip(image, query, truth, strict=True):
        drawn[b][t] = q
    seen = head(outputs.pixel_decoder_last_hidden_state.float())
    total = pixels(seen, y & IGNORE, weight)
    target = torch.full(layers[0][0].shape[:2], NUM_LABELS)
    target[image, query] = BOUND[query]
    names = torch.ones(NUM_LABELS + 1)
    names[NUM_LABELS] = NO_OBJECT_WEIGHT
    valid = (drawn >= 0).float()[image]
    own = truth.float()
    for logits, mask in layers:
        name = F.cross_entropy(logits.transpose(1, 2), target, weight=names)
        score = logits.softmax(-1).gather(2, BOUND.expand(len(y), -1)[..., None])
        product = torch.log(score[..., None] * mask.sigmoid() + 1e-4)
        winner = F.cross_entropy(product, drawn, weight=weight[BOUND])
        total = total + (name + winner + mask_loss(mask[image, query], own, valid)) / len(layers)
    return total


def _targets(
    coarse: torch.Tensor, logits: torch.Tensor, masks: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Image (M,), query (M,), int64, and mask, bool (M, h, w), of the segments that are learned."""
    image, query, truth = [], [], []
    for b, own in enumerate(coarse):
        codes, counts = own.unique(return_counts=True)
        codes = codes[(counts >= SMALLEST) & (codes & IGNORE != IGNORE)]
        segments = own[None] == codes[:, None, None]
        segment, matched = match(codes & IGNORE, segments, logits[b], masks[b])
        image.append(torch.full_like(matched, b))
        query.append(matched)
        truth.append(segments[segment])
    return torch.cat(image), torch.cat(query), torch.cat(truth)


def match(
    names: torch.Tensor, segments: torch.Tensor, logits: torch.Tensor, masks: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Segment and query, int64 (M,), of each pair; a class with too few queries leaves some out.

    A pair costs what its masks don't share (dice), the query's doubt in its class, and the distance
    of the segment's centre from the query's place.
    """
    truth = F.avg_pool2d(segments.float(), 2).flatten(1)
    found = F.avg_pool2d(masks.sigmoid(), 2).flatten(1)
    dice = 1 - 2 * truth @ found.T / (truth.sum(1)[:, None] + found.sum(1) + 1e-6)
    wide = segments.shape[2]
    across = (segments.sum(1) * (torch.arange(wide) + 0.5) / wide).sum(1) / segments.sum((1, 2))
    place = (across[:, None] - ANCHOR).abs()
    doubt = 1 - logits.softmax(-1)[torch.arange(len(BOUND)), BOUND]
    cost = dice + doubt + ANCHOR_WEIGHT * place
    cost[names[:, None] != BOUND] = OTHER_CLASS
    pairs = np.stack(linear_sum_assignment(cost.numpy()))
    segment, query = torch.from_numpy(pairs)
    kept = cost[segment, query] < OTHER_CLASS
    return segment[kept], query[kept]
