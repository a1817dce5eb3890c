"""Where the time goes."""

from collections.abc import Iterator

from bench.metrics.catalog import info
from bench.metrics.format import listing, milliseconds
from bench.metrics.pareto import SPEED
from bench.record.timing import PHASES
from bench.report.blocks import Block, Section
from bench.report.charts.phases import Bar, draw
from bench.report.recommend import number
from bench.report.sections.common import any_value, by_group, figure, number_table, titled
from bench.report.view import Group, View


def section(view: View) -> Section | None:
    """Section `phases`; None where nothing was timed."""
    groups = [g for g in view.measured_groups if any_value(g.measured, SPEED)]
    if not groups:
        return None
    return titled("phases", by_group(groups, lambda group, i: _group(view, group, i)))


def _group(view: View, group: Group, index: int) -> Iterator[Block]:
    rows = [r for r in group.measured if number(r, SPEED) is not None]
    there = {p: f"phase_{p}_ms" for p in PHASES if any_value(rows, f"phase_{p}_ms")}
    # One bar says no more than its row in the table.
    if there and len(rows) > 1:
        bars = [
            Bar(
                r.names.variant,
                tuple(number(r, name) or 0.0 for name in there.values()),
                number(r, SPEED) or 0.0,
                r.status == "wrong",
            )
            for r in rows
        ]
        drawn = draw(bars, [(PHASES.index(p), info(name).label) for p, name in there.items()])
        told = [f"{b.label} {milliseconds(b.total_ms)} ms" for b in bars]
        yield figure(
            "phases", index, drawn, f"Latency by phase of {group.title}",
            f"End to end: {listing(told)}.",
            f"Median latency by phase of {group.title}; the number is the median of the whole call.",
        )  # fmt: skip
    whole = [f"latency_{w}_ms" for w in ("p50", "p90", "p95", "p99", "mean")]
    yield number_table(view, group, rows, [*there.values(), *whole, "phase_gap"], "Latency")
