"""Instance-weighted IoU (iIoU) by the Cityscapes rule.

Source: `evalPixelLevelSemanticLabeling.py` of cityscapesscripts. Hits and misses within an instance
are weighted by (average size of the class's instances) / (size of this instance); false positives
can't be assigned to an instance and count unweighted:

    iIoU = iTP / (iTP + FP + iFN)
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from bench.segments import VOID
from bench.suite.classes import CITYSCAPES
from bench.tasks.base import fitting
from bench.tasks.overlap import categories, pooled

AVERAGE_SIZE: dict[str, float] = {
    "person": 3462.4756337644,
    "rider": 3930.4788056518,
    "car": 12794.0202738185,
    "truck": 27855.1264367816,
    "bus": 35732.1511111111,
    "train": 67583.7075812274,
    "motorcycle": 6298.7200839748,
    "bicycle": 4672.3249222261,
}
"""Class -> average pixels of an instance in Cityscapes, as the official evaluator has it."""

CATEGORIES = tuple(dict.fromkeys(c.category for c in CITYSCAPES if c.has_instances))
"""Categories of which every class has instances: human, vehicle."""

UNEVALUATED = {"caravan": "vehicle", "trailer": "vehicle"}
"""Classes with instances that aren't evaluated -> their category; the official evaluator counts a
prediction of them as a hit of the category within its instances, as a false positive elsewhere."""

FIELDS = ("class_index", "size", "hit", "category_hit")


def count(
    instances: NDArray[np.int32],
    prediction: NDArray[np.uint8],
    of: Sequence[str] | None = None,
    pixels: NDArray[np.intp] | None = None,
) -> dict[str, NDArray[np.uint32]]:
    """Arrays of one image, uint32 (instances,): class_index, size, hit, category_hit (pixels).

    Of instance ids (`class index * 1000 + n + 1000`, 0 elsewhere), and class indices of the same shape.
    `of` is the category of every class that may be predicted; UNEVALUATED ones may follow the others.
    None = each class is its own category. `pixels` tells how many each entry stands for; None = one.
    """
    there = instances > 0
    ids, void = instances[there], VOID if of is None else len(of)
    weights = None if pixels is None else pixels[there]
    sizes = np.bincount(ids, weights)
    found = np.flatnonzero(sizes)
    # One histogram over (instance, prediction), with the instances numbered from 0.
    number = np.zeros(sizes.size, np.int32)
    number[found] = np.arange(found.size, dtype=np.int32) * (void + 1)
    codes = number[ids]
    codes += np.minimum(prediction[there], void)
    seen = np.bincount(codes, weights, found.size * (void + 1)).reshape(found.size, void + 1)
    owner = found // 1000 - 1
    family = np.arange(void)
    if of is not None:
        names = list(dict.fromkeys(of))
        family = np.array([names.index(c) for c in of], np.int64)
    arrays = {
        "class_index": owner,
        "size": sizes[found],
        "hit": seen[np.arange(found.size), owner],
        "category_hit": np.where(family == family[owner][:, None], seen[:, :void], 0).sum(1),
    }
    return {k: v.astype(np.uint32) for k, v in arrays.items()}


def class_iiou(
    counts: NDArray[np.int64], arrays: Mapping[str, NDArray[np.uint32]], classes: Sequence[str]
) -> dict[str, float]:
    """Class with instances -> iIoU, fraction, NaN where absent; of counts (..., C+1, C+1)."""
    groups = {n: np.array([c == n for c in classes]) for n in classes if n in AVERAGE_SIZE}
    return _iiou(groups, counts, _weighted(arrays, classes, "hit"), {})


def category_iiou(
    counts: NDArray[np.int64],
    arrays: Mapping[str, NDArray[np.uint32]],
    classes: Sequence[str],
    stray: Mapping[str, int] | None = None,
) -> dict[str, float]:
    """Category with instances -> iIoU, fraction, NaN where absent; of counts (..., C+1, C+1).

    Empty where a class is none of Cityscapes'. `stray` is that of an InstanceMeasurement.
    """
    of = categories(classes)
    if of is None:
        return {}
    groups = {n: np.array([c == n for c in of]) for n in CATEGORIES if n in of}
    return _iiou(groups, counts, _weighted(arrays, classes, "category_hit"), stray or {})


def _iiou(
    groups: Mapping[str, NDArray[np.bool_]],
    counts: NDArray[np.int64],
    weighted: tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]],
    stray: Mapping[str, int],
) -> dict[str, float]:
    """Score of each group of classes, given as bool (C,)."""
    labelled = pooled(counts)[:-1, :-1]
    owner, hit, miss = weighted
    scores = {}
    for name, inside in groups.items():
        mine = inside[owner]
        part, missed = float(hit[mine].sum()), float(miss[mine].sum())
        false = int(labelled[~inside][:, inside].sum()) + stray.get(name, 0)
        whole = part + false + missed
        scores[name] = part / whole if whole else float("nan")
    return scores


def _weighted(
    arrays: Mapping[str, NDArray[np.uint32]], classes: Sequence[str], kind: str
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Class index, weighted hits and weighted misses of every instance."""
    with fitting(f"Instance counts don't fit {len(classes)} classes"):
        owner = arrays["class_index"].astype(np.int64)
        size, hit = arrays["size"].astype(np.float64), arrays[kind].astype(np.float64)
        average = np.array([AVERAGE_SIZE.get(c, np.nan) for c in classes])[owner]
    weight = average / size
    return owner, hit * weight, (size - hit) * weight
