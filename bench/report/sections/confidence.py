"""Boundary IoU, and whether the labels' probabilities are right, where the protocol asked for them."""

from collections.abc import Iterator

import numpy as np

from bench.metrics.base import Row
from bench.metrics.catalog.further import sums
from bench.metrics.format import listing, percent, plural
from bench.report.blocks import Block, Figure, Section
from bench.report.charts.reliability import Line, draw
from bench.report.sections.common import any_value, by_group, figure, number_table, titled
from bench.report.view import Group, View

NAMES = (
    "boundary_miou",
    "boundary_miou_difference",
    "calibration_error",
    "calibration_error_difference",
)


def section(view: View) -> Section | None:
    """Section `confidence`; None where nothing of it was counted."""
    found = [g for g in view.measured_groups if any(any_value(g.measured, n) for n in NAMES)]

    def make(group: Group, index: int) -> Iterator[Block]:
        names = [n for n in NAMES if any_value(group.measured, n)]
        lines = [line for row in group.measured if (line := _line(view, row))]
        if lines:
            yield _figure(group, lines, index)
        yield number_table(view, group, group.measured, names, "Edges and confidence")

    return titled("confidence", by_group(found, make)) if found else None


def _line(view: View, row: Row) -> Line | None:
    """Reliability of a variant; None where it has none."""
    counted = row.result.get("reliability")
    if counted is None or row.value("calibration_error") is None:
        return None
    pixels, correct, sure = (x.sum(0) for x in sums(view.run.folder / "cases", counted))
    there = np.flatnonzero(pixels)
    points = zip(sure[there] / pixels[there], correct[there] / pixels[there], strict=True)
    return Line(row.names.variant, tuple((float(a), float(b)) for a, b in points))


def _figure(group: Group, lines: list[Line], index: int) -> Figure:
    told = [
        f"{line.label} {percent(line.points[-1][1])} right at {percent(line.points[-1][0])}"
        for line in lines
    ]
    return figure(
        "reliability", index, draw(lines), f"Reliability of {group.title}",
        f"{plural(len(lines), 'variant')}, in their surest bin: {listing(told)}.",
        f"Share of right labels against their probability, {group.title}. On the dashed line both agree; "
        "below it the model is too sure.",
    )  # fmt: skip
