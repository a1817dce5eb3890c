"""Where the time goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.metrics.pareto import SPEED
from bench.record.timing import PHASES
from bench.report.blocks import Column, Figure, Heading, Notes, Prose, Section, Table
from bench.report.charts.phases import Bar, draw
from bench.report.format import listing, milliseconds, signed_points
from bench.report.recommend import number
from bench.report.sections.common import any_value, head_column, metric_cell, row_head

if TYPE_CHECKING:
    from bench.report.blocks import Block
    from bench.report.view import Group, View

WORDS = {p: p.replace("_", " ") for p in PHASES} | {"postprocess": "post-process"}


def section(view: View) -> Section | None:
    """Section `phases`; None where nothing was timed."""
    groups = [g for g in view.measured_groups if any_value(g.measured, SPEED)]
    if not groups:
        return None
    first = (
        "From the bytes of an image file to a map of labels of its size. Phases are medians, each of "
        "its own, and need not add up to the median of the whole. The whole is timed apart; the gap is "
        "its share, over all calls together, that no phase accounts for."
    )
    blocks: list[Block] = [Prose((first,))]
    for index, group in enumerate(groups):
        if len(groups) > 1:
            blocks.append(Heading(group.title))
        blocks += _group(view, group, index)
    return Section("phases", "Where the time goes", tuple(blocks))


def _group(view: View, group: Group, index: int) -> list[Block]:
    rows = tuple(r for r in group.measured if number(r, SPEED) is not None)
    there = [p for p in PHASES if any_value(rows, f"phase_{p}_ms")]
    blocks: list[Block] = []
    # One bar says no more than its row in the table.
    if there and len(rows) > 1:
        bars = [
            Bar(
                group.label(r),
                tuple(number(r, f"phase_{p}_ms") or 0.0 for p in there),
                number(r, SPEED) or 0.0,
                r.status == "wrong",
            )
            for r in rows
        ]
        svg, width, height = draw(bars, [(PHASES.index(p), WORDS[p]) for p in there])
        said = [f"{b.label} {milliseconds(b.total_ms)} ms" for b in bars]
        blocks.append(
            Figure(
                name="phases" if index == 0 else f"phases-{index + 1}",
                title=f"Latency by phase of {group.title}",
                alt=f"End to end: {listing(said)}.",
                caption=f"Median latency by phase of {group.title}; the number is the median of "
                "the whole call.",
                svg=svg,
                width=width,
                height=height,
            )
        )
    blocks.append(_table(view, group, there))
    return blocks


def _table(view: View, group: Group, there: list[str]) -> Table:
    notes = Notes()
    whole = (("latency_p50_ms", "p50"), ("latency_p90_ms", "p90"), ("latency_p95_ms", "p95"))
    more = (("latency_p99_ms", "p99"), ("latency_mean_ms", "Mean"))
    names = [*((f"phase_{p}_ms", WORDS[p].capitalize()) for p in there), *whole, *more]
    rows = [
        (
            row_head(view, group, r),
            *(metric_cell(r.metrics.get(n), milliseconds, notes) for n, _ in names),
            metric_cell(r.metrics.get("phase_gap"), signed_points, notes),
        )
        for r in group.measured
        if number(r, SPEED) is not None
    ]
    return Table(
        caption=f"Latency of {group.title}, ms",
        columns=(head_column(), *(Column(title) for _, title in names), Column("Gap", "%")),
        rows=tuple(rows),
        notes=notes.texts,
    )
