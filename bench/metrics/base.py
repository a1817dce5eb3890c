"""A derived number, and the row of numbers that a result gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from bench.record.result import Result
from bench.record.store import Run
from bench.tasks.base import task_of


@dataclass(frozen=True)
class Metric:
    """A number, or None with a reason; with its 95 % interval where it has one."""

    value: float | None
    low: float | None = None
    high: float | None = None
    reason: str = ""
    """Why there is no value; empty where there is one."""
    note: str = ""
    """What a reader must know beside the value."""


HEADLINE = "headline"
"""Begins the name of a row's own accuracy: its task's headline, `headline_difference` ..."""


@dataclass(frozen=True)
class Names:
    """What a table calls a row."""

    id: str
    status: str
    reason: str
    model: str
    variant: str
    """Slug."""
    target: str
    dataset: str
    axis: str
    scenario: str
    """Of the timing; empty where nothing was timed."""
    headline: str
    """Key of the task's accuracy: `miou`, `pq` ..."""
    label: str
    """The same in words: mIoU, PQ ..."""
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, result: Result) -> Names:
        """Names of a result."""
        case, timing, task = result.case, result.get("timing"), task_of(result.case)
        return cls(
            case.id, result.status, result.reason, case.model.name, case.variant.slug,
            case.target.name, case.dataset.name, case.axis, timing.scenario if timing else "",
            task.headline, task.label, result.notes,
        )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Row:
    """A result with its derived numbers."""

    result: Result
    metrics: Mapping[str, Metric] = field(default_factory=dict)
    """Name -> number; names are listed in `bench.metrics.catalog`."""
    by_class: Mapping[str, Mapping[str, Metric]] = field(default_factory=dict)
    """Metric of a class (`iou`), and its paired difference to the reference variant
    (`iou_difference`, not of the reference itself) -> number by class; empty without accuracy."""

    told: Names | None = None
    """Its names, where they are known without the result."""

    @cached_property
    def names(self) -> Names:
        """What a table calls it."""
        return self.told or Names.of(self.result)

    @property
    def id(self) -> str:
        """The case's id."""
        return self.names.id

    @property
    def status(self) -> str:
        """ok, wrong, failed or skipped."""
        return self.names.status

    def key(self, name: str) -> str:
        """Name of a metric; a `headline...` becomes the task's own."""
        own = name.startswith(HEADLINE)
        return self.names.headline + name.removeprefix(HEADLINE) if own else name

    def metric(self, name: str) -> Metric | None:
        """A metric by its name, or by `headline...`."""
        return self.metrics.get(self.key(name))

    def value(self, name: str) -> float | None:
        """Value of a metric, or None."""
        metric = self.metric(name)
        return metric.value if metric else None


@dataclass(frozen=True)
class Source:
    """What a metric function gets: a result, its run, and its reference's result where there is one."""

    run: Run
    result: Result
    reference: Result | None

    def whole(self) -> Source:
        """The same with both results in memory, as several functions ask for their measurements."""
        read = self.run.whole
        return Source(self.run, read(self.result), self.reference and read(self.reference))
