"""Accuracy: mIoU and its kin, from the counts of every image."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

from bench.metrics import instances, intervals, overlap
from bench.metrics.base import Metric
from bench.metrics.catalog.base import (
    IS_REFERENCE,
    SEEDED,
    absent,
    counts_in,
    counts_of,
    unmeasured,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from bench.metrics.base import Source
    from bench.metrics.intervals import Differences, Interval
    from bench.record.confusion import ConfusionMeasurement
    from bench.record.result import Result

NAMES = (
    "miou",
    "miou_difference",
    "miou_detectable",
    "category_miou",
    "iiou",
    "category_iiou",
    "pixel_accuracy",
)
NO_CATEGORIES = "the classes aren't those of Cityscapes, which define categories and iIoU"
ABSENT = "absent: neither in the ground truth nor predicted on labelled pixels"
SAME = "the counts are the reference's in every image: nothing scatters"
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
        **difference(source),
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


def difference(source: Source) -> dict[str, Metric]:
    """`miou_difference` to the reference and `miou_detectable`, the smallest drop that shows.

    Fractions, paired over the images that both have.
    """
    found = _to_reference(source)
    if isinstance(found, str):
        return absent(("miou_difference", "miou_detectable"), found)
    differences, note = found
    whole = differences.miou
    if not whole.detectable:
        reason = whole.note if whole.detectable is None else SAME
        return {
            "miou_difference": _difference(whole, note),
            "miou_detectable": Metric(None, reason=reason),
        }
    return {
        "miou_difference": _difference(whole, note),
        "miou_detectable": Metric(whole.detectable, note=note),
    }


def by_class(source: Source) -> dict[str, dict[str, Metric]]:
    """Fields of a Row: `iou`, `category_iou` and their paired differences, by name, fractions.

    All empty where the result has no accuracy.
    """
    if unavailable(source.result):
        return {}
    found = source.result.get("confusion")
    counts, note = counts_of(source.run, found), _seen(found)
    of = overlap.categories(found.classes)
    names = tuple(dict.fromkeys(of or ()))
    scores = intervals.class_intervals(counts, found.groups)
    fields = {"iou": _named(found.classes, scores, ABSENT, note)}
    if of is not None:
        scores = intervals.category_intervals(counts, of, found.groups)
        fields["category_iou"] = _named(names, scores, ABSENT, note)
    beside = _to_reference(source)
    if not isinstance(beside, str):
        differences, note = beside
        fields["iou_difference"] = _named(found.classes, differences.classes, ABSENT, note)
        fields["category_iou_difference"] = _named(names, differences.categories, ABSENT, note)
    return fields


def _to_reference(source: Source) -> tuple[Differences, str] | str:
    """Differences to the reference with a note, or why there are none."""
    result, reference = source.result, source.reference
    if result.case.is_reference:
        return IS_REFERENCE
    if reference is None:
        return f"the run has no result of the reference variant {result.case.reference.slug}"
    reason = unavailable(reference)
    if reason:
        return f"the reference variant has no mIoU ({reason})"
    mine, other = result.get("confusion"), reference.get("confusion")
    if not _comparable(result, reference) or mine.classes != other.classes:
        return "the reference was evaluated under other accuracy settings"
    found = _paired(source.run.folder, mine, other)
    if found is None:
        return "no image in common with the reference"
    differences, both = found
    fewer = both < max(len(mine.images), len(other.images))
    return differences, f"over the {both} images that both saw" if fewer else ""


@lru_cache(maxsize=4)
def _paired(
    folder: Path, mine: ConfusionMeasurement, other: ConfusionMeasurement
) -> tuple[Differences, int] | None:
    """Differences over the images of both, and how many those are; None where there are none."""
    at, of = intervals.align(mine.images, other.images)
    if not at.size:
        return None
    groups = tuple(mine.groups[i] for i in at) if mine.groups else ()
    a, b = counts_in(folder, mine)[at], counts_in(folder, other)[of]
    return intervals.paired_differences(a, b, groups, overlap.categories(mine.classes)), at.size


def _difference(found: Interval, note: str) -> Metric:
    return _metric(found.value, NO_CLASS, note, found.low, found.high)


def _named(
    names: Sequence[str], scores: Sequence[Interval], reason: str, note: str
) -> dict[str, Metric]:
    return {
        name: _metric(s.value, reason, note, s.low, s.high)
        for name, s in zip(names, scores, strict=True)
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
