"""Scores of confusion counts (..., C+1, C+1), by the functions that the semantic task is made of."""

from __future__ import annotations

import numpy as np

from bench.tasks import overlap
from bench.tasks.base import mean, ratio


def class_iou(counts: np.ndarray) -> np.ndarray:
    """IoU of each class of all images together; NaN where the class is absent."""
    hit, union = overlap.parts(overlap.pooled(counts))
    return ratio(hit.astype(float), union.astype(float))


def miou(counts: np.ndarray) -> float:
    """Mean IoU of the classes that are there."""
    return float(mean(class_iou(counts)))


def category_iou(counts: np.ndarray, of) -> dict[str, float]:
    """Category -> IoU; `of` names the category of each class."""
    hit, union = overlap.category_parts(overlap.pooled(counts), of)
    scores = ratio(hit.astype(float), union.astype(float))
    return dict(zip(dict.fromkeys(of), scores.tolist(), strict=True))
