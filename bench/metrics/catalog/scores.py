"""A task's other numbers: category IoU, iIoU and pixel accuracy, or the parts of PQ."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.metrics.base import Metric
from bench.metrics.catalog.accuracy import NO_CLASS, number, seen, unavailable
from bench.metrics.catalog.base import absent
from bench.tasks.base import task_of

if TYPE_CHECKING:
    from bench.metrics.base import Source


def metrics(source: Source) -> dict[str, Metric]:
    """Name -> number of the task's other metrics, fractions."""
    result, task = source.result, task_of(source.result.case)
    reason = unavailable(result)
    if reason:
        return absent(task.numbers, reason)
    found, note = task.scores(result, source.run.folder / "cases"), seen(result)
    return {name: _number(found[name], note) for name in task.numbers}


def _number(value: float | str, note: str) -> Metric:
    return Metric(None, reason=value) if isinstance(value, str) else number(value, NO_CLASS, note)
