"""Tables of load at its own pace, which the section `latency` shows where there was any."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.report.blocks import Column, Notes, Prose, Table
from bench.report.format import listing, milliseconds, plural, points_short, rate
from bench.report.sections.common import head_column, metric_cell, row_head

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.metrics.base import Row
    from bench.report.blocks import Block
    from bench.report.view import Group, View

Columns = tuple[tuple[str, str, str, "Callable[[float], str]"], ...]
SERVER: Columns = (
    ("latency_under_load_p50_ms", "p50", "ms", milliseconds),
    ("latency_under_load_p90_ms", "p90", "ms", milliseconds),
    ("latency_under_load_p99_ms", "p99", "ms", milliseconds),
    ("missed_deadlines", "Late", "%", points_short),
    ("utilisation", "Busy", "%", points_short),
    ("achieved_rate_hz", "Results", "a second", rate),
)
CAMERA: Columns = (
    ("missed_deadlines", "Missed", "%", points_short),
    ("dropped_frames", "Dropped", "%", points_short),
    ("result_age_p50_ms", "Age", "ms, median", milliseconds),
    ("result_age_p99_ms", "Age", "ms, p99", milliseconds),
    ("result_age_peak_p50_ms", "Peak age", "ms, median", milliseconds),
    ("result_age_peak_p99_ms", "Peak age", "ms, p99", milliseconds),
    ("utilisation", "Busy", "%", points_short),
    ("achieved_rate_hz", "Results", "a second", rate),
)
SAID = {
    "server": (
        "Under load, latency counts from when an arrival was due to its label map, so waiting behind "
        "others is in it. "
    ),
    "constant_stream": (
        "A camera's newest frame is taken whenever the system is free; one that a newer frame "
        "replaced is dropped, and missed its deadline. A result's age counts from when its frame was "
        "due: when it comes, and at its peak, just before the next one comes. "
    ),
}


def blocks(view: View, group: Group) -> list[Block]:
    """A paragraph and a table for each of the two scenarios that was run; else nothing."""
    made: list[Block] = []
    for scenario, columns, caption in (
        ("server", SERVER, "Latency under load"),
        ("constant_stream", CAMERA, "Deadlines and age"),
    ):
        rows = [r for r in group.measured if _scenario(r) == scenario]
        if rows:
            made += [Prose((SAID[scenario] + _asked(rows),)), _table(view, group, rows, columns, caption)]  # fmt: skip
    return made


def _scenario(row: Row) -> str:
    timing = row.result.get("timing")
    return timing.scenario if timing and any(x.stream for x in timing.launches) else ""


def _asked(rows: list[Row]) -> str:
    """Rates, deadlines and arrivals of the rows, each once."""
    streams = [x.stream for r in rows for x in r.result.get("timing").launches if x.stream]
    rates = listing(sorted({f"{s.rate_hz:g}" for s in streams}))
    late = sorted({s.deadline_ns for s in streams if s.deadline_ns is not None})
    limit = f", deadline {listing([milliseconds(d / 1e6) for d in late])} ms" if late else ""
    fewest = min(len(s.due_ns) for s in streams)
    return f"Asked: {rates} a second{limit}; {plural(fewest, 'arrival')} a process or more."


def _table(view: View, group: Group, rows: list[Row], columns: Columns, caption: str) -> Table:
    notes = Notes()
    cells = [
        (
            row_head(view, group, r),
            *(
                metric_cell(r.metrics.get(name), write, notes, with_interval=title == "p50")
                for name, title, _, write in columns
            ),
        )
        for r in rows
    ]
    return Table(
        caption=f"{caption} of {group.title}",
        columns=(head_column(), *(Column(title, unit) for _, title, unit, _ in columns)),
        rows=tuple(cells),
        notes=notes.texts,
    )
