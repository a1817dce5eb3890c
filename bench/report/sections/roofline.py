"""Share of the machine's ceiling that each variant achieves."""

from collections.abc import Iterator

from bench.metrics.base import Row, Source
from bench.metrics.catalog.roofline import place
from bench.metrics.format import listing, percent, plural, rate
from bench.metrics.roofline import Point
from bench.report.blocks import Block, Cell, Column, Figure, Section, Table
from bench.report.charts.roofline import Dot, Roof, draw
from bench.report.sections.common import (
    by_group,
    figure,
    head_column,
    number_cell,
    number_column,
    row_head,
    titled,
)
from bench.report.view import Group, View


def section(view: View) -> Section | None:
    """Section `roofline`; None where no variant has a place on one."""
    found = {g: points for g in view.measured_groups if (points := _points(view, g))}

    def make(group: Group, index: int) -> Iterator[Block]:
        # One dot says no more than its row in the table.
        if len(found[group]) > 1:
            yield _figure(group, found[group], index)
        yield _table(view, group, found[group])

    return titled("roofline", by_group(list(found), make)) if found else None


def _points(view: View, group: Group) -> list[tuple[Row, Point]]:
    found = [(r, place(Source(view.run, r.result, None))) for r in group.measured]
    return [(r, p) for r, p in found if isinstance(p, Point)]


def _figure(group: Group, points: list[tuple[Row, Point]], index: int) -> Figure:
    peaks = {r.result.case.variant.precision: p.peak for r, p in points}
    names = list(peaks)
    dots = [
        Dot(
            r.names.variant,
            p.intensity,
            p.achieved / 1e9,
            p.share,
            names.index(r.result.case.variant.precision),
            r.status == "wrong",
        )
        for r, p in points
    ]
    roofs = [Roof(name, peak / 1e9) for name, peak in peaks.items()]
    told = [f"{d.label} {rate(d.gflops)} GFLOP/s, {percent(d.share)} of its bound" for d in dots]
    return figure(
        "roofline", index, draw(dots, roofs, points[0][1].bandwidth / 1e9),
        f"Roofline of {group.title}",
        f"{plural(len(dots), 'variant')}: {listing(told)}.",
        f"Operations a second (10^9) against operations a byte of {group.title}; a disc has the "
        "colour of its precision's roof.",
    )  # fmt: skip


def _table(view: View, group: Group, points: list[tuple[Row, Point]]) -> Table:
    rows = [
        (
            row_head(view, r),
            number_cell(r, "achieved_gflops"),
            Cell(rate(p.intensity)),
            Cell(rate(p.bound / 1e9)),
            Cell(p.bound_by),
            number_cell(r, "roofline_share", with_interval=True),
        )
        for r, p in points
    ]
    columns = (
        head_column(),
        number_column("achieved_gflops"),
        Column("Intensity", "operations a byte"),
        Column("Bound", "GFLOP/s"),
        head_column("Bound by"),
        number_column("roofline_share"),
    )
    return Table(f"Achieved share of the machine's ceiling, {group.title}", columns, tuple(rows))
