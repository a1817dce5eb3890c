"""What several sections share: cells for metrics, heads for rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bench.metrics.base import Metric, Row
from bench.metrics.catalog import info
from bench.metrics.format import MISSING, finite, interval
from bench.report.blocks import Cell, Column, Figure, Notes, Table
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


def number_cell(row: Row, name: str, notes: Notes, *, with_interval: bool = False) -> Cell:
    """Cell of a row's metric, as its catalog writes it."""
    write = info(row.key(name)).written.cell
    return metric_cell(row.metric(name), write, notes, with_interval=with_interval)


def number_column(name: str, more: str = "") -> Column:
    """Column of a metric: its label and unit, and what else the cells hold."""
    about = info(name)
    return Column(about.title, ", ".join(w for w in (about.written.title, more) if w))


def number_table(
    view: View, group: Group, rows: Sequence[Row], names: Sequence[str], caption: str
) -> Table:
    """Table of metrics: a row a variant, a column a name; p50 with its interval."""
    notes = Notes()
    body = tuple(
        (
            row_head(view, r),
            *(
                number_cell(r, n, notes, with_interval=n == "latency_under_load_p50_ms")
                for n in names
            ),
        )
        for r in rows
    )
    columns = (head_column(), *map(number_column, names))
    return Table(f"{caption} of {group.title}", columns, body, notes.texts)


def figure(
    name: str, index: int, drawn: tuple[str, int, int], title: str, alt: str, caption: str
) -> Figure:
    """Figure of a drawing; the second of a name and later ones are numbered."""
    svg, width, height = drawn
    called = name if index == 0 else f"{name}-{index + 1}"
    return Figure(called, title, alt, caption, svg, width, height)


def row_head(view: View, row: Row) -> Cell:
    """First cell of a row: the variant, its status where it isn't ok, its raw record."""
    badge = row.status if row.status != "ok" else ""
    if not badge and row.result.case.is_reference:
        badge = "reference"
    return Cell(row.names.variant, href=view.record_href(row.result), badge=badge)


def head_column(title: str = "Variant") -> Column:
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
