"""Matching of detections with objects, and average precision, by COCO's rules.

Source: `cocoeval.py` of pycocotools (Lin et al., Microsoft COCO, 2014). Of each image and class the 100
surest detections count. Surest first, each takes the object left with the largest IoU of at least the
threshold; a crowd can be taken by several, with intersection over the detection's area as IoU. What
takes an object that is ignored (a crowd, or of another size than asked), and what takes none and is of
another size, counts nowhere.

Precision is made non-increasing in recall and read at 101 recalls; AP is the mean over these and over
the IoU thresholds 0.50, 0.55 ... 0.95.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.objects import Objects, coco
from bench.tasks.base import Tally

THRESHOLDS = np.linspace(0.5, 0.95, 10)
RECALLS = np.linspace(0.0, 1.0, 101)
AREAS = ((0.0, 1e10), (0.0, 32.0**2), (32.0**2, 96.0**2), (96.0**2, 1e10))
"""Pixels of any, small, medium and large objects."""
MOST = 100
FIELDS = ("class_index", "truth", "crowd", "score", "area", "matched", "ignored")
_ALL = (1 << len(THRESHOLDS)) - 1


def matches(truth: Objects, found: Objects) -> tuple[Tally, tuple[bytes, ...]]:
    """Entries of an image, arrays of `DetectionsMeasurement`, and the mask of each entry.

    Raises:
        ValueError: the images differ in size.
    """
    if truth.size != found.size:
        raise ValueError(f"objects of images of {truth.size} and {found.size} pixels")
    parts: list[Tally] = []
    masks: list[bytes] = []
    for name in np.union1d(truth.classes, found.classes).tolist():
        there = truth.at(truth.classes == name)
        own = found.at(found.classes == name)
        own = own.at(np.argsort(-own.scores, kind="stable")[:MOST])
        parts.append(_of_class(there, own, name))
        masks += [*there.masks, *own.masks]
    none = _of_class(truth.at(np.arange(0)), found.at(np.arange(0)), 0)
    return {k: np.concatenate([p[k] for p in [none, *parts]]) for k in FIELDS}, tuple(masks)


def _of_class(truth: Objects, found: Objects, name: int) -> Tally:
    """Entries of one class: the objects, then the detections, surest first."""
    iou = _ious(truth, found)
    count, size = len(truth) + len(found), len(truth)
    matched, ignored = np.zeros((2, count, len(AREAS)), np.uint16)
    for k, (low, high) in enumerate(AREAS):
        aside = truth.crowd | (truth.areas < low) | (truth.areas > high)
        ignored[:size, k] = aside * _ALL
        outside = (found.areas < low) | (found.areas > high)
        taken, nowhere = _greedy(iou, truth.crowd, aside)
        matched[size:, k] = taken
        ignored[size:, k] = nowhere | np.where(outside, _ALL & ~taken, 0)
    return {
        "class_index": np.full(count, name, np.uint32),
        "truth": (np.arange(count) < size).astype(np.uint8),
        "crowd": np.concatenate([truth.crowd, found.crowd]).astype(np.uint8),
        "score": np.concatenate([np.zeros(size, np.float32), found.scores]),
        "area": np.concatenate([truth.areas, found.areas]),
        "matched": matched,
        "ignored": ignored,
    }


def _ious(truth: Objects, found: Objects) -> NDArray[np.float64]:
    """IoU of each detection and object, float64 (D, G); over the detection's area for a crowd."""
    if not len(truth) or not len(found):
        return np.zeros((len(found), len(truth)))
    crowd = truth.crowd.astype(np.uint8).tolist()
    iou: NDArray[np.float64] = coco().iou(found.runs(), truth.runs(), crowd)
    return iou


def _greedy(
    iou: NDArray[np.float64], crowd: NDArray[np.bool_], aside: NDArray[np.bool_]
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Bits of each detection, uint16 (D,): thresholds at which it takes an object, and one set aside."""
    taken, nowhere = np.zeros((2, len(iou)), np.uint16)
    near = [np.flatnonzero(row >= THRESHOLDS[0] - 1e-9).tolist() for row in iou]
    candidates = [(d, gs) for d, gs in enumerate(near) if gs]
    for bit, threshold in enumerate(THRESHOLDS.tolist()):
        gone: set[int] = set()
        for d, objects in candidates:
            best, chosen = min(threshold, 1 - 1e-10), -1
            # Objects that count come first; a later one of equal IoU wins, as in cocoeval.
            for g in sorted(objects, key=lambda g: bool(aside[g])):
                if g in gone and not crowd[g]:
                    continue
                if chosen >= 0 and not aside[chosen] and aside[g]:
                    break
                if iou[d, g] >= best:
                    best, chosen = float(iou[d, g]), g
            if chosen >= 0:
                gone.add(chosen)
                taken[d] |= 1 << bit
                nowhere[d] |= int(aside[chosen]) << bit
    return taken, nowhere


class Ranked:
    """Detections of one class over all images, surest first, and the objects that count."""

    def __init__(
        self,
        image: NDArray[Any],
        truth: NDArray[np.bool_],
        score: NDArray[Any],
        matched: NDArray[Any],
        ignored: NDArray[Any],
    ) -> None:
        """Entries of a `DetectionsMeasurement` of one class and one size, in their order, (N,)."""
        own = np.flatnonzero(~truth)
        order = own[np.argsort(-score[own], kind="stable")]
        bits = np.arange(len(THRESHOLDS), dtype=np.uint16)[:, None]
        hit, out = (((of[order] >> bits) & 1).astype(bool) for of in (matched, ignored))
        self.image = image[order]
        self.hit, self.false = hit & ~out, ~hit & ~out
        self.objects = image[truth & (ignored == 0)]
        """Image of each object."""

    def precision(self, without: int | None = None) -> NDArray[np.float64]:
        """AP at each threshold, float64 (10,), without an image where told; NaN without an object."""
        count, hit, false = len(self.objects), self.hit, self.false
        if without is not None:
            kept = self.image != without
            count = int(np.count_nonzero(self.objects != without))
            hit, false = hit[:, kept], false[:, kept]
        if not count:
            return np.full(len(THRESHOLDS), np.nan)
        found: NDArray[np.float64] = curve(hit, false, count).mean(1)
        return found

    def recall(self) -> float:
        """Share of the objects that are matched, mean over the thresholds; NaN without an object."""
        count = len(self.objects) * len(THRESHOLDS)
        return float(self.hit.sum() / count) if count else float("nan")


def curve(hit: NDArray[np.bool_], false: NDArray[np.bool_], objects: int) -> NDArray[np.float64]:
    """Precision at each of the recalls, float64 (T, 101), of detections, (T, D), surest first."""
    true, wrong = hit.cumsum(1, dtype=np.float64), false.cumsum(1, dtype=np.float64)
    there = true / (true + wrong + np.spacing(1))
    there = np.maximum.accumulate(there[:, ::-1], axis=1)[:, ::-1]
    there = np.concatenate([there, np.zeros((len(hit), 1))], axis=1)
    at = np.stack([np.searchsorted(row / objects, RECALLS, side="left") for row in true])
    found: NDArray[np.float64] = np.take_along_axis(there, at, axis=1)
    return found
