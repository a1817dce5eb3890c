"""A run as the card sees it: rows in groups, frozen. Sections choose from it and format."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from bench.record.store import file_stem
from bench.report.format import listing
from bench.report.labels import place, variant_label

if TYPE_CHECKING:
    from bench.metrics.base import Row
    from bench.record.result import Result
    from bench.record.store import Run
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

    def label(self, row: Row) -> str:
        """Name of a row's variant, unique within the group."""
        mine = variant_label(row.result.case.variant)
        same = [r for r in self.rows if variant_label(r.result.case.variant) == mine]
        return mine if len(same) == 1 else row.result.case.variant.slug


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
        found: dict[tuple[str, ...], list[Row]] = {}
        for row in self.rows:
            case = row.result.case
            key = (case.model.name, case.target.name, case.dataset.name, case.axis)
            found.setdefault(key, []).append(row)
        return tuple(Group(tuple(rows)) for rows in found.values())

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
        done = {r.id for r in self.rows}
        return tuple(i for i in self.run.info.plan if i not in done)

    def count(self, status: str) -> int:
        """Number of rows of a status."""
        return sum(r.status == status for r in self.rows)

    def record_href(self, result: Result) -> str:
        """Path of the raw record, relative to the card."""
        from urllib.parse import quote

        return quote(f"{self.cases_href}/{file_stem(result.case.id)}.json")


def make_view(run: Run, rows: tuple[Row, ...], cases_href: str = "cases") -> View:
    """View of a run and its derived rows."""
    return View(run, rows, cases_href)
