"""Boundary IoU, mIoU near the image's edge and the calibration error, where the protocol asked for their counts."""

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.metrics.base import Metric, Source
from bench.metrics.catalog.accuracy import NO_CLASS, comparable, number, seen, unavailable
from bench.metrics.catalog.base import IS_REFERENCE, absent
from bench.metrics.estimate import Estimate
from bench.metrics.intervals import Differences, align, by_unit, left_out, mean_interval
from bench.record.result import Result
from bench.record.store import read_arrays
from bench.tasks.base import Ratios, fitting

ASKED = {"boundary": "boundary", "edge": "edge", "reliability": "calibration"}
"""Kind of a measurement -> field of the protocol that asks for it."""
Sums = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]
"""Pixels, hits and sum of confidences, (N, bins)."""


def boundary(source: Source) -> dict[str, Metric]:
    """Mean boundary IoU, and its paired difference to the reference, fractions."""
    return _of_ratios(source, "boundary", ("boundary_miou", "boundary_miou_difference"))


def edge(source: Source) -> dict[str, Metric]:
    """Mean IoU near the image's edge, and its paired difference to the reference, fractions."""
    return _of_ratios(source, "edge", ("edge_miou", "edge_miou_difference"))


def _of_ratios(source: Source, kind: str, names: tuple[str, str]) -> dict[str, Metric]:
    def paired(one: Any, other: Any) -> Estimate:
        at, of = align(one.images, other.images)
        groups = tuple(one.groups[i] for i in at) if one.groups else ()
        a, b = (ratios_of(source, found) for found in (one, other))
        return Differences(a.at(at), b.at(of), groups).mean

    return _both(
        source, kind, names, lambda f: mean_interval(ratios_of(source, f), f.groups), paired
    )


def calibration(source: Source) -> dict[str, Metric]:
    """Expected calibration error, and its paired difference to the reference, fractions."""
    kind, names = "reliability", ("calibration_error", "calibration_error_difference")

    def paired(one: Any, other: Any) -> Estimate:
        at, of = align(one.images, other.images)
        groups = tuple(one.groups[i] for i in at) if one.groups else ()
        a, b = (
            _errors([by_unit(x[i], groups) for x in sums(_folder(source), found)])
            for found, i in ((one, at), (other, of))
        )
        return left_out(a[0] - b[0], a[1] - b[1], groups, least=-1.0)

    def own(found: Any) -> Estimate:
        value, without = _errors([by_unit(x, found.groups) for x in sums(_folder(source), found)])
        return left_out(value, without, found.groups)

    return _both(source, kind, names, own, paired)


def _both(
    source: Source,
    kind: str,
    names: tuple[str, str],
    own: Callable[[Any], Estimate],
    paired: Callable[[Any, Any], Estimate],
) -> dict[str, Metric]:
    """A number and its paired difference to the reference, from the measurements of both."""
    result, reference = source.result, source.reference
    if reason := unavailable(result) or _missing(result, kind):
        return absent(names, reason)
    found, note = result.get(kind), seen(result)
    whole = {names[0]: number(own(found), NO_CLASS, note)}
    if result.case.is_reference:
        why = IS_REFERENCE
    elif reference is None:
        why = f"the run has no result of the reference variant {result.case.reference.slug}"
    elif gone := unavailable(reference) or _missing(reference, kind):
        why = f"the reference variant has none ({gone})"
    elif not comparable(result, reference) or found.classes != reference.get(kind).classes:
        why = "the reference was evaluated under other accuracy settings"
    elif not set(found.images) & set(reference.get(kind).images):
        why = "no image in common with the reference"
    else:
        return {**whole, names[1]: number(paired(found, reference.get(kind)), NO_CLASS, note)}
    return {**whole, **absent(names[1:], why)}


def _missing(result: Result, kind: str) -> str:
    """Why a result lacks a measurement of a kind; empty where it has it."""
    found = result.get(kind)
    if found is None:
        return f"not asked for: protocol.{ASKED[kind]} = true"
    return getattr(found, "absent", "")


def _folder(source: Source) -> Path:
    return source.run.folder / "cases"


def ratios_of(source: Source, found: Any) -> Ratios:
    """Intersection over union, by image and class, of a measurement of the source's run."""
    shape = len(found.images), len(found.classes)
    arrays = read_arrays(_folder(source), found.arrays)
    part, whole = np.zeros((2, *shape), np.int64)
    with fitting(f"Counts don't fit {shape[0]} images of {shape[1]} classes"):
        at = arrays["image"].astype(np.int64), arrays["class_index"].astype(np.int64)
        part[at], whole[at] = arrays["intersection"], arrays["union"]
    return Ratios(found.classes, part, whole)


@lru_cache(maxsize=8)
def sums(folder: Path, found: Any) -> Sums:
    """Counts of every image by bin; `folder` holds the arrays."""
    arrays = read_arrays(folder, found.arrays)
    out = np.zeros((3, len(found.images), found.bins))
    with fitting(f"Confidences don't fit {len(found.images)} images of {found.bins} bins"):
        at = arrays["image"].astype(np.int64), arrays["bin"].astype(np.int64)
        for of, name in zip(out, ("pixels", "correct", "confidence"), strict=True):
            of[at] = arrays[name]
    return out[0], out[1], out[2]


def _errors(counts: list[NDArray[np.float64]]) -> tuple[float, NDArray[np.float64]]:
    """Calibration error of all units, and without each of them, (units,)."""
    pixels, correct, confidence = counts
    gap = correct - confidence
    left = np.abs(gap.sum(0) - gap).sum(1), pixels.sum() - pixels.sum(1)
    whole = np.abs(gap.sum(0)).sum(), pixels.sum()
    with np.errstate(all="ignore"):
        return float(np.float64(whole[0]) / whole[1]), left[0] / left[1]
