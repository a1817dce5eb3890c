"""Ratios of a result, and two results of one task over the images that both saw."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from bench.metrics.intervals import Differences, align, clustered
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


@lru_cache(maxsize=16)
def ratios(task: Task, folder: Path, found: Any) -> dict[str, Ratios]:
    """Metric of a class -> its ratios; `folder` is that of the run."""
    return task.ratios(found, folder / "cases")


@lru_cache(maxsize=4)
def paired(task: Task, first: tuple[Path, Any], second: tuple[Path, Any]) -> Paired | None:
    """Differences over the images of both, or None where there is nothing to pair.

    Where a time limit ended one pass earlier, the rest of the other is left out. Each of both is the
    folder of its run, and the measurement that holds the task's counts.
    """
    (here, mine), (there, other) = first, second
    if mine.classes != other.classes:
        return None
    at, of = align(mine.images, other.images)
    if not at.size:
        return None
    groups = tuple(mine.groups[i] for i in at) if mine.groups else ()
    a, b = ratios(task, here, mine), ratios(task, there, other)
    found = {name: Differences(a[name].at(at), b[name].at(of), groups) for name in a}
    return Paired(
        by_class=found,
        headline=found[task.class_metric],
        images=at.size,
        units=len(set(groups)) if clustered(groups) else at.size,
    )
