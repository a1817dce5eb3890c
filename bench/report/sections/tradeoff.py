"""Accuracy against latency, one plot a target and data set."""

from bench.metrics.base import Row
from bench.metrics.format import finite, listing, milliseconds, plural, points
from bench.metrics.pareto import ACCURACY, SPEED
from bench.report.blocks import Block, Figure, Section
from bench.report.charts.tradeoff import Point, draw
from bench.report.labels import with_axis
from bench.report.recommend import number
from bench.report.sections.common import figure, titled
from bench.report.view import Group, View


def section(view: View) -> Section | None:
    """Section `tradeoff`; None where no variant has both numbers."""
    blocks: list[Block] = []
    places: dict[tuple[str, str], list[Group]] = {}
    for group in view.measured_groups:
        case = group.case
        where = with_axis(f"{case.target.name}, {case.dataset.name}", case.axis)
        places.setdefault((where, group.rows[0].names.label), []).append(group)
    for (where, label), groups in places.items():
        made = _figure(groups, where, label, len(blocks))
        blocks += [made] if made else []
    return titled("tradeoff", blocks, accuracy=view.accuracy) if blocks else None


def _figure(groups: list[Group], where: str, label: str, index: int) -> Figure | None:
    plotted = {g.case.model.name: rows for g in groups if (rows := list(filter(_able, g.measured)))}
    best = {r for g in groups for r in g.front}
    found = [
        _point(row, series, best=row in best)
        for series, rows in enumerate(plotted.values())
        for row in rows
    ]
    # A plot of one or two points says less than the table.
    if len(found) < 3:
        return None
    told = [f"{p.label} {points(p.accuracy)} at {milliseconds(p.ms)} ms" for p in found]
    return figure(
        "tradeoff", index, draw(found, list(plotted), label),
        f"{label} against median latency on {where}",
        f"{plural(len(found), 'variant')}: {listing(told)}.",
        f"{label} (%) against median latency (ms) on {where}.",
    )  # fmt: skip


def _able(row: Row) -> bool:
    return number(row, ACCURACY) is not None and (number(row, SPEED) or 0.0) > 0


def _point(row: Row, series: int, *, best: bool) -> Point:
    metric, accuracy = row.metric(ACCURACY), number(row, ACCURACY) or 0.0
    low, high = (finite(metric.low), finite(metric.high)) if metric else (None, None)
    return Point(
        label=row.names.variant,
        ms=number(row, SPEED) or 0.0,
        accuracy=accuracy,
        low=accuracy if low is None else low,
        high=accuracy if high is None else high,
        size=number(row, "file_bytes"),
        wrong=row.status == "wrong",
        best=best,
        series=series,
    )
