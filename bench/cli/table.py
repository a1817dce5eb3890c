"""The table of a run in the terminal; `run` ends with it and `show` prints it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.markup import escape
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from rich.console import Console

    from bench.metrics.base import Metric, Row

STYLES = {"ok": "green", "wrong": "red", "failed": "red", "skipped": "yellow"}
WIDTH = 160
"""Columns where the output is no terminal."""
NOTHING = "-"
GAP = 2


def print_rows(rows: Sequence[Row], console: Console) -> None:
    """Print a table for each model and data set, and below it why a row isn't ok."""
    with _wide(console):
        for title, members in grouped(rows).items():
            headings = fitting(members, console.width)
            table = Table(box=None, padding=(0, GAP, 0, 0), header_style="bold")
            table.add_column("case", overflow="fold")
            table.add_column("status", no_wrap=True)
            for heading in headings:
                table.add_column(heading, justify="right", no_wrap=True)
            for row in members:
                status = Text(row.status, STYLES[row.status])
                table.add_row(short(row, members), status, *(cell(row, h) for h in headings))
            console.print(f"[bold]{escape(title)}[/] [dim](± half of the 95 % interval)[/]")
            console.print(table)
            left = [h for h in COLUMNS if h not in headings]
            for line in [*(["[dim]no room for: " + ", ".join(left) + "[/]"] if left else []),
                         *reasons(members)]:  # fmt: skip
                console.print(line, highlight=False, soft_wrap=True)
            console.print()


def grouped(rows: Sequence[Row]) -> dict[str, list[Row]]:
    """`MODEL on DATASET` -> its rows, in order."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        case = row.result.case
        found.setdefault(f"{case.model.name} on {case.dataset.name}", []).append(row)
    return found


def short(row: Row, among: Sequence[Row]) -> str:
    """What tells a case from the others: variant, and target where they differ, and axis."""
    case = row.result.case
    targets = {r.result.case.target.name for r in among}
    parts = (case.variant.slug, case.target.name if len(targets) > 1 else "", case.axis)
    return " / ".join(p for p in parts if p)


def cell(row: Row, heading: str) -> str:
    """Text of a cell; `-` where there is no number."""
    name, form = COLUMNS[heading]
    metric = row.metrics.get(name)
    return NOTHING if metric is None or metric.value is None else form(metric)


def fitting(rows: Sequence[Row], width: int) -> list[str]:
    """Headings of the columns that fit into a width; the least telling ones are left out first."""
    sizes = {h: max(cell_len(t) for t in (h, *(cell(r, h) for r in rows))) for h in COLUMNS}
    room = width - max(cell_len(short(r, rows)) for r in rows) - len("skipped") - 2 * GAP
    kept = list(COLUMNS)
    for heading in LEFT_OUT_FIRST:
        if sum(sizes[h] + GAP for h in kept) <= room:
            break
        kept.remove(heading)
    return kept


def reasons(rows: Sequence[Row]) -> list[str]:
    """A line, with markup, for each row that isn't ok, each reason why mIoU is missing, each flag."""
    lines = [
        f"[{STYLES[r.status]}]{r.status}[/] {escape(short(r, rows))}: {escape(r.result.reason)}"
        for r in rows
        if r.status != "ok"
    ]
    without = {
        r.metrics["miou"].reason
        for r in rows
        if r.status in {"ok", "wrong"} and "miou" in r.metrics and r.value("miou") is None
    }
    lines += [f"no mIoU: {escape(reason)}" for reason in sorted(without)]
    lines += [f"note {escape(_names(w, rows))}: {escape(n)}" for n, w in _noted(rows).items()]
    return [*lines, *_flagged(rows), *_loaded(rows)]


def _noted(rows: Sequence[Row]) -> dict[str, list[Row]]:
    """Note -> the rows that have it."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        for note in row.result.notes:
            found.setdefault(note, []).append(row)
    return found


def _names(some: Sequence[Row], rows: Sequence[Row]) -> str:
    return "all" if len(some) == len(rows) > 1 else ", ".join(short(r, rows) for r in some)


def _flagged(rows: Sequence[Row]) -> list[str]:
    """A line for each flag on latencies, with the rows that have it."""
    found: dict[str, list[str]] = {}
    timed = [r for r in rows if r.value("latency_flags") is not None]
    for row in timed:
        for name in filter(None, row.metrics["latency_flags"].note.split(", ")):
            found.setdefault(name, []).append(escape(short(row, rows)))
    return [
        f"[yellow]flag[/] {name}: {'all' if len(who) == len(timed) > 1 else ', '.join(who)}"
        for name, who in found.items()
    ]


def _loaded(rows: Sequence[Row]) -> list[str]:
    """A line for each row whose load came at its own pace."""
    words = {
        "latency_under_load_p50_ms": "p50 {:.1f} ms under load",
        "latency_under_load_p99_ms": "p99 {:.1f} ms",
        "result_age_p50_ms": "age {:.1f} ms",
        "result_age_peak_p50_ms": "peak age {:.1f} ms",
        "missed_deadlines": "{:.1%} of deadlines missed",
        "achieved_rate_hz": "{:.1f} results/s",
    }
    lines = []
    for row in rows:
        said = [w.format(v) for name, w in words.items() if (v := row.value(name)) is not None]
        if said:
            lines.append(
                f"{row.result.get('timing').scenario} {escape(short(row, rows))}: {', '.join(said)}"
            )
    return lines


@contextmanager
def _wide(console: Console) -> Iterator[None]:
    """A console that is no terminal gets WIDTH columns, so that nothing is left out of a log."""
    before = console.width
    if not console.is_terminal:
        console.width = max(before, WIDTH)
    try:
        yield
    finally:
        console.width = before


def _half(metric: Metric, digits: int) -> str:
    """Half the width of the interval, in percent; empty where there is none."""
    if metric.low is None or metric.high is None:
        return ""
    return f" ±{50 * (metric.high - metric.low):.{digits}f}"


def _miou(metric: Metric) -> str:
    return f"{100 * (metric.value or 0):.2f}{_half(metric, 2)}"


def _difference(metric: Metric) -> str:
    return f"{100 * (metric.value or 0):+.2f}{_half(metric, 2)}"


def _percent(metric: Metric) -> str:
    return f"{100 * (metric.value or 0):.2f}"


def _number(metric: Metric) -> str:
    value = metric.value or 0
    return f"{value:.1f}" if value < 1000 else f"{value:.0f}"


def _ms(metric: Metric) -> str:
    """Milliseconds, with half of the interval over processes where there are several."""
    if metric.low is None or metric.high is None:
        return _number(metric)
    half = (metric.high - metric.low) / 2
    return f"{_number(metric)} ±{half:.2g}" if half < 10 else f"{_number(metric)} ±{half:.0f}"


def _count(metric: Metric) -> str:
    return f"{metric.value or 0:.0f}"


def _megabytes(metric: Metric) -> str:
    return f"{(metric.value or 0) / 1e6:.1f}"


COLUMNS: dict[str, tuple[str, Callable[[Metric], str]]] = {
    "mIoU %": ("miou", _miou),
    "difference": ("miou_difference", _difference),
    "p50 ms": ("latency_p50_ms", _ms),
    "p99": ("latency_p99_ms", _number),
    "images/s": ("throughput_ips", _number),
    "peak RSS MB": ("rss_peak_bytes", _megabytes),
    "file MB": ("file_bytes", _megabytes),
    "agreement %": ("agreement", _percent),
    "flags": ("latency_flags", _count),
}
"""Heading -> metric and how it is written; ± is half of the 95 % interval."""

LEFT_OUT_FIRST = ("p99", "images/s", "flags", "agreement %", "peak RSS MB", "file MB", "difference")
