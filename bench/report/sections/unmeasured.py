"""What went wrong, failed, was skipped or is still to do, each with its reason."""

from __future__ import annotations

from bench.metrics.base import Row
from bench.metrics.format import count
from bench.report.blocks import Block, Cell, Column, Output, Prose, Section, Table
from bench.report.view import MOST, View

MEANINGS = {
    "wrong": "measured, but its answers lie beyond the suite's limit of parity with the reference",
    "failed": "tried, and its process or a step before it broke",
    "skipped": "this machine or installation can't run it",
    "pending": "planned, and not measured yet",
}
LINES = 12
"""Last lines of a failure that the card shows; the record has them all."""


def section(view: View) -> Section | None:
    """Section `unmeasured`; None where every case is ok."""
    rows = [
        _row(view, row)
        for status in ("wrong", "failed", "skipped")
        for row in view.rows
        if row.status == status
    ]
    rows += [
        (Cell(case_id), Cell("", badge="pending"), Cell("It has no result yet."))
        for case_id in view.pending[:MOST]
    ]
    if len(view.pending) > MOST:
        rows.append((
            Cell(f"and {count(len(view.pending) - MOST)} more"),
            Cell("", badge="pending"),
        ))
    if not rows:
        return None
    there = [s for s in MEANINGS if view.count(s) or (s == "pending" and view.pending)]
    first = "; ".join(f"{s}: {MEANINGS[s]}" for s in there)
    blocks: list[Block] = [
        Prose((f"{first[:1].upper()}{first[1:]}.",)),
        Table(
            caption="Cases without a number that can be used",
            columns=(
                Column("Case", numeric=False),
                Column("Status", numeric=False),
                Column("Reason", numeric=False),
            ),
            rows=tuple(rows),
        ),
    ]
    for row in view.rows:
        failure = row.result.failure
        if failure and failure.stderr_tail:
            tail = "\n".join(failure.stderr_tail[-LINES:])
            blocks.append(Output(f"Last lines of {row.id}", tail))
    return Section("unmeasured", "Wrong, failed, skipped", tuple(blocks))


def _row(view: View, row: Row) -> tuple[Cell, ...]:
    result = row.result
    case = result.case
    where = f"{case.model.name} on {case.target.name}, {case.dataset.name}"
    head = Cell(
        case.variant.slug,
        detail=f"{where}, {case.axis}" if case.axis else where,
        href=view.record_href(result),
    )
    how = ""
    if result.failure:
        how = f"Step {result.failure.step}, {result.failure.type}: {result.failure.message}"
    reason = result.reason or "No reason was recorded."
    return head, Cell("", badge=row.status), Cell(reason, detail=how if how != reason else "")
