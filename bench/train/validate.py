"""mIoU and PQ while training: whole scenes, half resolution upsampled, no record, no protocol."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from bench.models import micro
from bench.train import data
from bench.train.recipe import Recipe

MEAN = torch.tensor([0.485, 0.456, 0.406])[:, None, None]
STD = torch.tensor([0.229, 0.224, 0.225])[:, None, None]
SCORE_THRESHOLD = 0.5
"""A query whose class scores less draws no segment."""
OVERLAP_THRESHOLD = 0.8
"""A segment is dropped where other queries win more than the rest of its own mask."""


def validate(model: Any, recipe: Recipe, work: Path, split: str = "val") -> dict[str, float]:
    """`miou`, and of a panoptic model `pq_things` and `pq_stuff`, fractions, of a split's scenes."""
    images, labels = data.open_store(work, recipe, split, recipe.validation_scenes)
    n = micro.NUM_LABELS
    counts = np.zeros((n, n), np.int64)
    segments = np.zeros((n, 4))
    model.eval()
    for image, truth in zip(images, labels, strict=True):
        x = torch.from_numpy(image.astype(np.float32).transpose(2, 0, 1) / 255.0)
        with torch.no_grad():
            outputs = model(pixel_values=((x - MEAN) / STD)[None])
        up = torch.nn.functional.interpolate(_map(outputs, recipe), truth.shape, mode="bilinear")
        found = up.argmax(1)[0].numpy()
        names = truth.astype(np.int64) & data.IGNORE
        keep = names != data.IGNORE
        counts += np.bincount(names[keep] * n + found[keep], minlength=n * n).reshape(n, n)
        if recipe.panoptic:
            tally(segments, truth.astype(np.int64), draw(outputs, truth.shape))
    hit = np.diag(counts)
    union = counts.sum(0) + counts.sum(1) - hit
    out = {"miou": float((hit[union > 0] / union[union > 0]).mean())}
    if recipe.panoptic:
        iou, tp, fp, fn = segments.T
        seen = tp + fp + fn > 0
        pq = iou / np.maximum(tp + (fp + fn) / 2, 1)
        things = np.array(micro.SLOTS) > 1
        out["pq_things"], out["pq_stuff"] = (
            float(pq[seen & m].sum() / max(1, (seen & m).sum())) for m in (things, ~things)
        )
    return out


def draw(outputs: Any, size: tuple[int, ...]) -> NDArray[np.int64]:
    """Labels as in `data`, int64 (H, W), of one image, by the rule of the library."""
    score, name = outputs.class_queries_logits[0].softmax(-1).max(-1)
    keep = (name < micro.NUM_LABELS) & (score > SCORE_THRESHOLD)
    out = np.full(size, data.IGNORE, np.int64)
    if not keep.any():
        return out
    masks = outputs.masks_queries_logits[:, keep]
    up = torch.nn.functional.interpolate(masks, size, mode="bilinear")[0].sigmoid()
    scaled = score[keep][:, None, None] * up
    winner = scaled.argmax(0)
    for k, c in enumerate(name[keep].tolist()):
        own, won = scaled[k] >= 0.5, winner == k
        if own.any() and won.sum() > OVERLAP_THRESHOLD * own.sum():
            out[won.numpy()] = c + (k + 1 << 8 if micro.SLOTS[c] > 1 else 0)
    return out


def tally(counts: NDArray[np.float64], truth: NDArray[np.int64], found: NDArray[np.int64]) -> None:
    """Add one image's sum of IoU, true and false positives, false negatives to `counts` (19, 4)."""
    pairs, sizes = np.unique(truth << 16 | found, return_counts=True)
    left, right = pairs >> 16, pairs & 0xFFFF
    void = left & data.IGNORE == data.IGNORE
    areas = {t: sizes[left == t].sum() for t in left[~void].tolist()}
    seen = {f: sizes[(right == f) & ~void].sum() for f in right.tolist()}
    matched = set()
    for t, f, both in zip(left.tolist(), right.tolist(), sizes.tolist(), strict=True):
        if t not in areas or t & data.IGNORE != f & data.IGNORE:
            continue
        iou = both / (areas[t] + seen[f] - both)
        if iou > 0.5:
            counts[t & data.IGNORE, :2] += iou, 1
            matched |= {(0, t), (1, f)}
    for t in areas:
        counts[t & data.IGNORE, 3] += (0, t) not in matched
    for f, area in seen.items():
        # What lies mostly in void is no mistake.
        mistake = (1, f) not in matched and 2 * area >= sizes[right == f].sum()
        if f != data.IGNORE and mistake:
            counts[f & data.IGNORE, 2] += 1


def _map(outputs: Any, recipe: Recipe) -> torch.Tensor:
    """Class map, float32 (1, 19, h, w): logits, or class times mask summed over queries."""
    if recipe.model == "segformer-micro":
        logits: torch.Tensor = outputs.logits
        return logits
    return torch.einsum(
        "bqc,bqhw->bchw",
        outputs.class_queries_logits.softmax(-1)[..., : micro.NUM_LABELS],
        outputs.masks_queries_logits.sigmoid(),
    )
