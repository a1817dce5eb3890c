"""mIoU and PQ while training: whole scenes, half resolution upsampled, no record, no protocol."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from bench.models import micro
from bench.segments import Segments
from bench.tasks.base import mean, ratio
from bench.tasks.confusion import count
from bench.tasks.panoptic import MATCHED, PanopticTask
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
    counts = np.zeros((n + 1, n + 1), np.int64)
    segments = np.zeros((n, 4))
    model.eval()
    for image, truth in zip(images, labels, strict=True):
        x = torch.from_numpy(image.astype(np.float32).transpose(2, 0, 1) / 255.0)
        with torch.no_grad():
            outputs = model(pixel_values=((x - MEAN) / STD)[None])
        up = torch.nn.functional.interpolate(_map(outputs, recipe), truth.shape, mode="bilinear")
        counts += count(truth.astype(np.uint8), up.argmax(1)[0].numpy(), n)
        if recipe.panoptic:
            tally(segments, truth.astype(np.int64), draw(outputs, truth.shape))
    inside = counts[:n, :n].astype(np.float64)
    hit = np.diag(inside)
    out = {"miou": float(mean(ratio(hit, inside.sum(0) + inside.sum(1) - hit)))}
    if recipe.panoptic:
        iou, tp, fp, fn = segments.T
        pq = ratio(iou, tp + (fp + fn) / 2)
        things = np.array(micro.SLOTS) > 1
        out["pq_things"], out["pq_stuff"] = (
            float(np.nan_to_num(mean(pq[m]))) for m in (things, ~things)
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
    unused: Any = None
    of = PanopticTask().tally(_segments(truth), _segments(found), unused, unused)
    kind, part, union = (of[k].astype(np.int64) for k in ("outcome", "intersection", "union"))
    np.add.at(counts, (of["class_index"], 1 + kind), 1)
    matched = kind == MATCHED
    np.add.at(counts, (of["class_index"][matched], 0), part[matched] / union[matched])


def _segments(labels: NDArray[np.int64]) -> Segments:
    codes, place = np.unique(labels, return_inverse=True)
    classes = (codes & data.IGNORE).astype(np.int32)
    drawn = classes != data.IGNORE
    number = np.where(drawn, np.cumsum(drawn), 0).astype(np.int32)
    ids = number[place].reshape(labels.shape)
    return Segments(ids, classes[drawn], np.zeros(drawn.sum(), np.bool_))


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
