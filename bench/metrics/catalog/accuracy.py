"""Accuracy: mIoU and its kin, from the counts of every image."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bench.metrics import instances, intervals, overlap
from bench.metrics.base import Metric
from bench.metrics.catalog.base import IS_REFERENCE, SEEDED, absent, counts_of, unmeasured

if TYPE_CHECKING:
    from collections.abc import Collection

    import numpy as np
    from numpy.typing import NDArray

    from bench.metrics.base import Source
    from bench.record.confusion import ConfusionMeasurement
    from bench.record.result import Result

NAMES = ("miou", "miou_difference", "category_miou", "iiou", "category_iiou", "pixel_accuracy")
NO_CATEGORIES = "the classes aren't those of Cityscapes, which define categories and iIoU"
NO_CLASS = "no class stands in the ground truth or in the predictions"


def metrics(source: Source) -> dict[str, Metric]:
    """Name -> number of every accuracy metric, fractions."""
    result = source.result
    reason = unavailable(result)
    if reason:
        return absent(NAMES, reason)
    found = result.get("confusion")
    counts = counts_of(source.run, found)
    note = _seen(found)
    whole = intervals.miou_interval(counts, found.groups)
    return {
        "miou": _metric(whole.value, NO_CLASS, note, whole.low, whole.high),
        "miou_difference": difference(source),
        **_categories(found, counts, note),
        **_instances(source, found, counts, note),
        "pixel_accuracy": _metric(overlap.pixel_accuracy(counts), NO_CLASS, note),
    }


def unavailable(result: Result) -> str:
    """Why a result has no accuracy; empty where it has."""
    if result.get("confusion") is None and result.status in {"failed", "skipped"}:
        return unmeasured(result)
    if not result.case.model.trained:
        return SEEDED
    found = result.get("confusion")
    if found is None:
        return unmeasured(result)
    return "" if found.images else "no image was evaluated"


def difference(source: Source) -> Metric:
    """Difference of mIoU to the reference, fraction, paired over the images that both have."""
    result, reference = source.result, source.reference
    if result.case.is_reference:
        return Metric(None, reason=IS_REFERENCE)
    if reference is None:
        slug = result.case.reference.slug
        return Metric(None, reason=f"the run has no result of the reference variant {slug}")
    reason = unavailable(reference)
    if reason:
        return Metric(None, reason=f"the reference variant has no mIoU ({reason})")
    mine, other = result.get("confusion"), reference.get("confusion")
    if not _comparable(result, reference) or mine.classes != other.classes:
        return Metric(None, reason="the reference was evaluated under other accuracy settings")
    at, of = intervals.align(mine.images, other.images)
    if not at.size:
        return Metric(None, reason="no image in common with the reference")
    groups = tuple(mine.groups[i] for i in at) if mine.groups else ()
    a, b = counts_of(source.run, mine)[at], counts_of(source.run, other)[of]
    found = intervals.paired_difference(a, b, groups)
    fewer = at.size < max(len(mine.images), len(other.images))
    note = f"over the {at.size} images that both saw" if fewer else ""
    return _metric(found.value, NO_CLASS, note, found.low, found.high)


def class_metrics(source: Source) -> dict[str, Metric]:
    """Class -> IoU with its interval, fractions; empty where the result has no accuracy."""
    if unavailable(source.result):
        return {}
    found = source.result.get("confusion")
    counts, note = counts_of(source.run, found), _seen(found)
    scores = intervals.class_intervals(counts, found.groups)
    reason = "absent: neither in the ground truth nor predicted on labelled pixels"
    return {
        name: _metric(s.value, reason, note, s.low, s.high)
        for name, s in zip(found.classes, scores, strict=True)
    }


def _comparable(a: Result, b: Result) -> bool:
    """Whether both were evaluated alike, however many images were seen."""
    settings = [
        (
            r.case.protocol.accuracy_fields(),
            r.case.dataset.class_map,
            r.case.dataset.ignore_index,
            r.dataset.digest if r.dataset else "",
        )
        for r in (a, b)
    ]
    return settings[0] == settings[1]


def _categories(
    found: ConfusionMeasurement, counts: NDArray[np.int64], note: str
) -> dict[str, Metric]:
    of = overlap.categories(found.classes)
    if of is None:
        return absent(["category_miou"], NO_CATEGORIES)
    value = mean(overlap.category_iou(counts, of).values())
    return {"category_miou": _metric(value, NO_CLASS, note)}


def _instances(
    source: Source, found: ConfusionMeasurement, counts: NDArray[np.int64], note: str
) -> dict[str, Metric]:
    names = ("iiou", "category_iiou")
    inside = source.result.get("instances")
    if overlap.categories(found.classes) is None:
        return absent(names, NO_CATEGORIES)
    if inside is None:
        return absent(names, "the data set has no instances")
    if inside.images != found.images:
        return absent(names, "instances and classes were counted on different images")
    arrays = source.run.arrays(inside.arrays)
    by_class = instances.class_iiou(counts, arrays, found.classes)
    by_category = instances.category_iiou(counts, arrays, found.classes)
    reason = "no class with instances is there"
    return {
        "iiou": _metric(mean(by_class.values()), reason, note),
        "category_iiou": _metric(mean(by_category.values()), reason, note),
    }


def mean(values: Collection[float]) -> float:
    """Mean of the values that aren't NaN; NaN if none is left."""
    there = [v for v in values if not math.isnan(v)]
    return sum(there) / len(there) if there else math.nan


def _seen(found: ConfusionMeasurement) -> str:
    seen = len(found.images)
    return "" if seen >= found.asked else f"{seen} of {found.asked} images were seen"


def _metric(
    value: float, reason: str, note: str, low: float | None = None, high: float | None = None
) -> Metric:
    if math.isnan(value):
        return Metric(None, reason=reason)
    return Metric(value, low, high, note=note)
