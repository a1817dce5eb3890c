"""What several sections share: cells for metrics, heads for rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.report.blocks import Cell, Column, Notes
from bench.report.format import MISSING, finite, interval

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.metrics.base import Metric, Row
    from bench.report.view import Group, View


def metric_cell(
    metric: Metric | None,
    write: Callable[[float], str],
    notes: Notes,
    *,
    with_interval: bool = False,
) -> Cell:
    """Cell of a number; a missing one is a dash whose note says why."""
    value = finite(metric.value) if metric else None
    if metric is None or value is None:
        reason = metric.reason if metric else "this was not measured"
        return Cell(MISSING, mark=notes.mark(reason or "no value was recorded"))
    detail = interval(metric, write) if with_interval else ""
    return Cell(write(value), detail, mark=notes.mark(metric.note))


def row_head(view: View, group: Group, row: Row) -> Cell:
    """First cell of a row: the variant's name, its status where it isn't ok, its raw record."""
    badge = row.status if row.status != "ok" else ""
    if not badge and row.result.case.is_reference:
        badge = "reference"
    return Cell(group.label(row), href=view.record_href(row.result), badge=badge)


def head_column(title: str = "Form") -> Column:
    """Column of the rows' heads."""
    return Column(title, numeric=False)


def any_value(rows: tuple[Row, ...], name: str) -> bool:
    """Whether at least one row has this number."""
    return any(finite(r.value(name)) is not None for r in rows)


def absent_reasons(rows: tuple[Row, ...], name: str) -> list[str]:
    """Why a number is missing, each reason once."""
    metrics = [r.metrics.get(name) for r in rows]
    said = [m.reason or "no value was recorded" for m in metrics if m and m.value is None]
    return list(dict.fromkeys(said))
