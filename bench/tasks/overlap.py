"""Intersection over union by the Cityscapes rule.

Source: `evalPixelLevelSemanticLabeling.py` of cityscapesscripts. Pixels whose truth is void count
nowhere; a void prediction on a labelled pixel is a miss; a class with neither true positives nor
false positives nor misses is NaN and left out of the mean (one that is only predicted scores 0).
Every function takes counts (..., C+1, C+1) as `bench.tasks.confusion` makes them.
"""

import math
from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from bench.suite.classes import CITYSCAPES

_CATEGORY = {c.name: c.category for c in CITYSCAPES}


def parts(counts: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Intersection and union of each class, pixels, int64 (..., C)."""
    labelled = counts[..., :-1, :]
    hit = np.diagonal(labelled, axis1=-2, axis2=-1)
    return hit, labelled.sum(-1) + labelled[..., :-1].sum(-2) - hit


def mean_of(values: Collection[float]) -> float:
    """Mean of the values that aren't NaN; NaN if none is left."""
    there = [v for v in values if not math.isnan(v)]
    return sum(there) / len(there) if there else math.nan


def pooled(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Counts of all images together, int64 (C+1, C+1)."""
    summed: NDArray[np.int64] = counts.reshape(-1, *counts.shape[-2:]).sum(0)
    return summed


def pixel_accuracy(counts: NDArray[np.int64]) -> float:
    """Share of the labelled pixels with the right class, fraction; NaN if none is labelled."""
    labelled = pooled(counts)[:-1]
    total = int(labelled.sum())
    return int(np.trace(labelled)) / total if total else float("nan")


def categories(classes: Sequence[str]) -> tuple[str, ...] | None:
    """Cityscapes category of each class; None if some class is none of Cityscapes'."""
    if not classes or any(c not in _CATEGORY for c in classes):
        return None
    return tuple(_CATEGORY[c] for c in classes)


def category_parts(
    counts: NDArray[np.int64], of: Sequence[str]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Intersection and union of each category, pixels, int64 (..., K), in order of appearance."""
    labelled = counts[..., :-1, :]
    inside = np.array([[c == category for category in dict.fromkeys(of)] for c in of], np.int64)
    hit = ((labelled[..., :-1] @ inside) * inside).sum(-2)
    whole = labelled.sum(-1) + labelled[..., :-1].sum(-2)
    return hit, whole @ inside - hit
