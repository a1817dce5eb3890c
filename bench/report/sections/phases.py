"""Where the time goes."""

from __future__ import annotations

from bench.metrics.catalog import info
from bench.metrics.format import listing, milliseconds
from bench.metrics.pareto import SPEED
from bench.record.timing import PHASES
from bench.report.blocks import Block, Heading, Prose, Section
from bench.report.charts.phases import Bar, draw
from bench.report.recommend import number
from bench.report.sections.common import any_value, figure, number_table
from bench.report.view import Group, View


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
        drawn = draw(bars, [(PHASES.index(p), info(f"phase_{p}_ms").label) for p in there])
        said = [f"{b.label} {milliseconds(b.total_ms)} ms" for b in bars]
        blocks.append(
            figure(
                "phases", index, drawn, f"Latency by phase of {group.title}",
                f"End to end: {listing(said)}.",
                f"Median latency by phase of {group.title}; the number is the median of the whole "
                "call.",
            )
        )  # fmt: skip
    whole = ("p50", "p90", "p95", "p99", "mean")
    names = [*(f"phase_{p}_ms" for p in there), *(f"latency_{w}_ms" for w in whole), "phase_gap"]
    blocks.append(number_table(view, group, rows, names, "Latency"))
    return blocks
