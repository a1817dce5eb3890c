"""Ratios of a result, and two results of one task over the images that both saw."""

from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from bench.metrics.estimate import Estimate
from bench.metrics.intervals import Differences, align, clustered, mean_interval
from bench.record.store import verified
from bench.tasks.base import Ratios, Task


@dataclass(frozen=True)
class Paired:
    """The first result minus the second."""

    by_class: dict[str, Differences]
    """Metric of a class -> its differences."""
    headline: Differences
    """Those of the task's metric of a class; their mean is the headline's."""
    images: int
    """Images in both."""
    units: int
    """What was resampled: groups of images where there are enough, else images."""


@dataclass(frozen=True)
class _Counts:
    """Counts of a result; equal where their content is, as that of a sweep's points often is."""

    content: Any
    """The measurement without the name of its file."""
    found: Any = field(compare=False)
    folder: Path = field(compare=False)


@lru_cache(maxsize=16)
def _counts(folder: Path, found: Any) -> _Counts:
    """Counts whose file has the digest that the measurement names."""
    content, arrays = found, found.arrays
    if arrays is not None:
        verified(folder / "cases", arrays)
        unnamed = arrays.model_copy(update={"file": ""})
        content = found.model_copy(update={"arrays": unnamed})
    return _Counts(content, found, folder)


def ratios(task: Task, folder: Path, found: Any) -> dict[str, Ratios]:
    """Metric of a class -> its ratios; `folder` is that of the run."""
    return _ratios(task, _counts(folder, found))


def paired(task: Task, first: tuple[Path, Any], second: tuple[Path, Any]) -> Paired | None:
    """Differences over the images of both, or None where there is nothing to pair.

    Where a time limit ended one pass earlier, the rest of the other is left out. Each of both is the
    folder of its run, and the measurement that holds the task's counts.
    """
    if first[1].classes != second[1].classes:
        return None
    return _paired(task, _counts(*first), _counts(*second))


def headline(task: Task, folder: Path, found: Any) -> Estimate:
    """The headline (mIoU, PQ) with its interval, fractions."""
    return _headline(task, _counts(folder, found))


@lru_cache(maxsize=16)
def _headline(task: Task, counts: _Counts) -> Estimate:
    return mean_interval(_ratios(task, counts)[task.class_metric], counts.found.groups)


@lru_cache(maxsize=16)
def _ratios(task: Task, counts: _Counts) -> dict[str, Ratios]:
    return task.ratios(counts.found, counts.folder / "cases")


@lru_cache(maxsize=16)
def _paired(task: Task, first: _Counts, second: _Counts) -> Paired | None:
    mine, other = first.found, second.found
    at, of = align(mine.images, other.images)
    if not at.size:
        return None
    groups = tuple(mine.groups[i] for i in at) if mine.groups else ()
    a, b = _ratios(task, first), _ratios(task, second)
    found = {name: Differences(a[name].at(at), b[name].at(of), groups) for name in a}
    return Paired(
        by_class=found,
        headline=found[task.class_metric],
        images=at.size,
        units=len(set(groups)) if clustered(groups) else at.size,
    )
