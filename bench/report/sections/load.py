"""Tables of load at its own pace, which the section `latency` shows where there was any."""

from collections.abc import Iterator

from bench.metrics.base import Row
from bench.metrics.format import listing, milliseconds, plural
from bench.report.blocks import Block, Prose
from bench.report.sections.common import number_table, said
from bench.report.view import Group, View

BOTH = ("utilisation", "achieved_rate_hz")
SERVER = (
    *(f"latency_under_load_{p}_ms" for p in ("p50", "p90", "p99")), "missed_deadlines", *BOTH,
)  # fmt: skip
CAMERA = (
    "missed_deadlines", "dropped_frames",
    *(f"result_age{at}_{p}_ms" for at in ("", "_peak") for p in ("p50", "p99")), *BOTH,
)  # fmt: skip


def blocks(view: View, group: Group) -> Iterator[Block]:
    """A paragraph and a table for each of the two scenarios that was run; else nothing."""
    for scenario, names, caption in (
        ("server", SERVER, "Latency under load"),
        ("constant_stream", CAMERA, "Deadlines and age"),
    ):
        rows = [r for r in group.measured if _scenario(r) == scenario]
        if rows:
            yield Prose(f"{said('latency')[scenario]} {_asked(rows)}")
            yield number_table(view, group, rows, names, caption)


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
