"""Accuracy against latency, one plot a target and data set."""

from __future__ import annotations

from dataclasses import replace

from bench.metrics.base import Row
from bench.metrics.format import finite, listing, milliseconds, plural, points
from bench.metrics.pareto import ACCURACY, SPEED
from bench.report.blocks import Block, Figure, Prose, Section
from bench.report.charts.tradeoff import Point, draw
from bench.report.recommend import number
from bench.report.sections.common import figure
from bench.report.view import Group, View


def section(view: View) -> Section | None:
    """Section `tradeoff`; None where no variant has both numbers."""
    blocks: list[Block] = []
    places: dict[tuple[str, str, str, str], list[Group]] = {}
    for group in view.measured_groups:
        case = group.case
        key = case.target.name, case.dataset.name, case.axis, group.rows[0].names.label
        places.setdefault(key, []).append(group)
    for (target, dataset, axis, label), groups in places.items():
        where = f"{target}, {dataset}" + (f", {axis}" if axis else "")
        figure = _figure(groups, where, label, len(blocks))
        if figure is not None:
            blocks.append(figure)
    if not blocks:
        return None
    first = (
        "Up is more accurate, left is faster. The area of a disc is the size of the file; a line "
        f"through it is the 95 % interval of its {view.accuracy}. Hollow discs are wrong: they run, but their "
        "answers are no longer the model's. Names in bold are the variants of a model that nothing "
        "beats."
    )
    return Section("tradeoff", "Accuracy against latency", (Prose((first,)), *blocks))


def _figure(groups: list[Group], where: str, label: str, index: int) -> Figure | None:
    plotted = {g: [p for r in g.measured if (p := _point(g, r))] for g in groups}
    names = [g.case.model.name for g, made in plotted.items() if made]
    found = [
        replace(p, series=i) for i, made in enumerate(filter(None, plotted.values())) for p in made
    ]
    # A plot of one or two points says less than the table.
    if len(found) < 3:
        return None
    said = [f"{p.label} {points(p.accuracy)} at {milliseconds(p.ms)} ms" for p in found]
    return figure(
        "tradeoff", index, draw(found, names, label),
        f"{label} against median latency on {where}",
        f"{plural(len(found), 'variant')}: {listing(said)}.",
        f"{label} (%) against median latency (ms) on {where}.",
    )  # fmt: skip


def _point(group: Group, row: Row) -> Point | None:
    accuracy, ms = number(row, ACCURACY), number(row, SPEED)
    metric = row.metric(ACCURACY)
    if metric is None or accuracy is None or ms is None or ms <= 0:
        return None
    low, high = finite(metric.low), finite(metric.high)
    return Point(
        label=group.label(row),
        ms=ms,
        accuracy=accuracy,
        low=accuracy if low is None else low,
        high=accuracy if high is None else high,
        size=number(row, "file_bytes"),
        wrong=row.status == "wrong",
        best=row in group.front,
    )
