"""Cases that are wrong, failed, skipped or pending, each with its reason."""

from bench.metrics.base import Row
from bench.metrics.format import count
from bench.report.blocks import Block, Cell, Output, Prose, Section, Table
from bench.report.labels import place
from bench.report.sections.common import head_column, said, titled
from bench.report.view import MOST, View

STATUSES = ("wrong", "failed", "skipped")
PENDING = Cell("", badge="pending")
LINES = 12
"""Last lines of a failure that the card shows; the record has them all."""


def section(view: View) -> Section | None:
    """Section `unmeasured`; None where every case is ok."""
    rows = [_row(view, row) for s in STATUSES for row in view.rows if row.status == s]
    unknown = PENDING, Cell("It has no result yet.")
    rows += [(Cell(case_id), *unknown) for case_id in view.pending[:MOST]]
    if len(view.pending) > MOST:
        rows.append((Cell(f"and {count(len(view.pending) - MOST)} more"), PENDING))
    if not rows:
        return None
    there = [*filter(view.count, STATUSES), *(["pending"] if view.pending else [])]
    first = "; ".join(f"{s}: {said('unmeasured')[s]}" for s in there)
    columns = tuple(map(head_column, ("Case", "Status", "Reason")))
    blocks: list[Block] = [
        Prose(f"{first[:1].upper()}{first[1:]}."),
        Table("Cases without a number that can be used", columns, tuple(rows)),
    ]
    for row in view.rows:
        failure = row.result.failure
        if failure and failure.stderr_tail:
            tail = "\n".join(failure.stderr_tail[-LINES:])
            blocks.append(Output(f"Last lines of {row.id}", tail))
    return titled("unmeasured", blocks)


def _row(view: View, row: Row) -> tuple[Cell, ...]:
    result, how = row.result, ""
    href = view.record_href(result)
    if result.failure:
        how = f"Step {result.failure.step}, {result.failure.type}: {result.failure.message}"
    reason = result.reason or "No reason was recorded."
    return (
        Cell(row.names.variant, detail=place(result.case), href=href),
        Cell("", badge=row.status),
        Cell(reason, detail=how if how != reason else ""),
    )
