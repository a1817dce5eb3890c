"""A run as the card sees it: rows in groups, frozen. Sections choose from it and format."""

from collections import Counter
from dataclasses import dataclass
from functools import cached_property

from bench.metrics.base import Row
from bench.metrics.format import listing
from bench.metrics.pareto import SPEED, groups, pareto
from bench.record.result import Result
from bench.record.store import Run, file_stem
from bench.report.labels import place
from bench.suite.case import Case

MEASURED = ("ok", "wrong")


@dataclass(frozen=True)
class Group:
    """The variants of one model on one target and data set, in the order of the plan."""

    rows: tuple[Row, ...]

    @property
    def case(self) -> Case:
        """Any case of it: model, target, dataset and axis are the same in all."""
        return self.rows[0].result.case

    @property
    def title(self) -> str:
        """`mask2former-micro on cpu, scenes`."""
        return place(self.case)

    @cached_property
    def measured(self) -> tuple[Row, ...]:
        """Rows that have numbers: ok and wrong."""
        return tuple(r for r in self.rows if r.status in MEASURED)

    @property
    def reference(self) -> Row | None:
        """Row of the reference variant, where it was measured here."""
        return next((r for r in self.measured if r.result.case.is_reference), None)

    @cached_property
    def front(self) -> tuple[Row, ...]:
        """Rows that no other beats in accuracy and latency, fastest first."""
        return tuple(sorted(pareto(self.rows), key=lambda r: (r.value(SPEED) or 0.0, r.id)))


@dataclass(frozen=True)
class View:
    """Everything that a card shows comes from here."""

    run: Run
    rows: tuple[Row, ...]
    cases_href: str = "cases"
    """Folder of the raw records, relative to the card."""

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """Rows by model, target, dataset and axis."""
        return tuple(map(Group, groups(self.rows).values()))

    @property
    def measured_groups(self) -> tuple[Group, ...]:
        """Groups of which at least one row has numbers.

        Those of corrupted images have a section of their own and stand here only where a run has no
        others.
        """
        measured = tuple(g for g in self.groups if g.measured)
        return tuple(g for g in measured if not g.case.protocol.corruption) or measured

    @property
    def measured(self) -> tuple[Row, ...]:
        """Rows that have numbers."""
        return tuple(r for r in self.rows if r.status in MEASURED)

    @property
    def accuracy(self) -> str:
        """`mIoU`, or `mIoU and PQ`: what its tasks call their accuracy."""
        return listing(list(dict.fromkeys(r.names.label for r in self.rows)))

    @property
    def pending(self) -> tuple[str, ...]:
        """Ids of the plan that have no result."""
        return self.run.pending

    @property
    def unseen(self) -> int:
        """Results that the card doesn't show."""
        return len(self.run.ids) - len(self.rows)

    def count(self, status: str) -> int:
        """Number of the run's results of a status."""
        return self._counts[status]

    @cached_property
    def _counts(self) -> Counter[str]:
        return Counter(r.status for r in (self.run.planned if self.unseen else self.rows))

    def record_href(self, result: Result) -> str:
        """Path of the raw record, relative to the card."""
        from urllib.parse import quote

        return quote(f"{self.cases_href}/{file_stem(result.case.id)}.json")


MOST = 400
"""Rows that a card shows; a browser is slow to show more."""


def shown(run: Run) -> Run:
    """The run; of one with very many results the first whole groups, as a run of these alone."""
    if len(run.ids) <= MOST:
        return run
    ids: list[str] = []
    last: tuple[str, ...] = ()
    for result in run.planned:
        case = result.case
        group = (case.model.name, case.target.name, case.dataset.name, case.axis)
        if len(ids) >= MOST and group != last:
            break
        ids.append(case.id)
        last = group
    return Run(run.folder, run.info.model_copy(update={"plan": tuple(ids)}))
