"""How near each variant comes to what its machine could do."""

from __future__ import annotations

from bench.metrics.base import Row, Source
from bench.metrics.catalog.roofline import place
from bench.metrics.format import listing, percent, plural, rate
from bench.metrics.roofline import Point
from bench.report.blocks import Block, Cell, Column, Figure, Heading, Notes, Prose, Section, Table
from bench.report.charts.roofline import Dot, Roof, draw
from bench.report.sections.common import figure, head_column, number_cell, number_column, row_head
from bench.report.view import Group, View

FIRST = (
    "Two operations a MAC over the median time of the model itself, against the lower of two "
    "ceilings measured on this machine with torch: a large matrix product in the variant's precision, "
    "and its intensity (operations a byte moved) times the memory's bandwidth. The distance is "
    "what better kernels could win. Caches and fused operators move less than was counted, and "
    "another runtime may have better kernels than torch, for int8 above all: a share above 100 % "
    "is shown as it is. (Williams, Waterman and Patterson, 2009.)"
)


def section(view: View) -> Section | None:
    """Section `roofline`; None where no variant has a place on one."""
    found = [(g, points) for g in view.measured_groups if (points := _points(view, g))]
    if not found:
        return None
    blocks: list[Block] = [Prose((FIRST,))]
    for index, (group, points) in enumerate(found):
        if len(found) > 1:
            blocks.append(Heading(group.title))
        # One dot says no more than its row in the table.
        if len(points) > 1:
            blocks.append(_figure(group, points, index))
        blocks.append(_table(view, group, points))
    return Section("roofline", "Against the machine's ceiling", tuple(blocks))


def _points(view: View, group: Group) -> list[tuple[Row, Point]]:
    found = [(r, place(Source(view.run, r.result, None))) for r in group.measured]
    return [(r, p) for r, p in found if isinstance(p, Point)]


def _figure(group: Group, points: list[tuple[Row, Point]], index: int) -> Figure:
    peaks = {r.result.case.variant.precision: p.peak for r, p in points}
    names = list(peaks)
    dots = [
        Dot(
            group.label(r),
            p.intensity,
            p.achieved / 1e9,
            p.share,
            names.index(r.result.case.variant.precision),
            r.status == "wrong",
        )
        for r, p in points
    ]
    roofs = [Roof(name, peak / 1e9) for name, peak in peaks.items()]
    said = [f"{d.label} {rate(d.gflops)} GFLOP/s, {percent(d.share)} of its bound" for d in dots]
    return figure(
        "roofline", index, draw(dots, roofs, points[0][1].bandwidth / 1e9),
        f"Roofline of {group.title}",
        f"{plural(len(dots), 'variant')}: {listing(said)}.",
        f"Operations a second (10^9) against operations a byte of {group.title}; a disc has the "
        "colour of its precision's roof.",
    )  # fmt: skip


def _table(view: View, group: Group, points: list[tuple[Row, Point]]) -> Table:
    notes = Notes()
    rows = [
        (
            row_head(view, r),
            number_cell(r, "achieved_gflops", notes),
            Cell(rate(p.intensity)),
            Cell(rate(p.bound / 1e9)),
            Cell(p.bound_by),
            number_cell(r, "roofline_share", notes, with_interval=True),
        )
        for r, p in points
    ]
    return Table(
        caption=f"Achieved share of the machine's ceiling, {group.title}",
        columns=(
            head_column(),
            number_column("achieved_gflops"),
            Column("Intensity", "operations a byte"),
            Column("Bound", "GFLOP/s"),
            Column("Bound by", numeric=False),
            number_column("roofline_share"),
        ),
        rows=tuple(rows),
        notes=notes.texts,
    )
