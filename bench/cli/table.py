"""The table of a run in the terminal; `run` ends with it and `show` prints it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from rich.console import Console

    from bench.metrics.base import Metric, Row

STYLES = {"ok": "green", "wrong": "red", "failed": "red", "skipped": "yellow"}
WIDTH = 160
"""Columns of the table where the output is no terminal."""
NOTHING = "-"


def print_rows(rows: Sequence[Row], console: Console) -> None:
    """Print a table for each model and data set, and below it why a row isn't ok."""
    width = None if console.is_terminal else max(console.width, WIDTH)
    for title, members in grouped(rows).items():
        table = Table(title=escape(title), title_justify="left", title_style="bold")
        table.add_column("case", overflow="fold")
        table.add_column("status")
        for name in COLUMNS:
            table.add_column(name, justify="right")
        for row in members:
            status = f"[{STYLES[row.status]}]{row.status}[/]"
            cells = [form(row.metrics.get(key)) for key, form in COLUMNS.values()]
            table.add_row(escape(_short(row)), status, *cells)
        console.print(table, width=width)
        for line in reasons(members):
            console.print(line, highlight=False, soft_wrap=True)
        console.print()


def grouped(rows: Sequence[Row]) -> dict[str, list[Row]]:
    """`MODEL on DATASET` -> its rows, in order."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        case = row.result.case
        found.setdefault(f"{case.model.name} on {case.dataset.name}", []).append(row)
    return found


def reasons(rows: Sequence[Row]) -> list[str]:
    """A line, with markup, for each row that isn't ok, and one for an mIoU that all ok rows lack."""
    lines = [
        f"[{STYLES[r.status]}]{r.status}[/] {escape(_short(r))}: {escape(r.result.reason)}"
        for r in rows
        if r.status != "ok"
    ]
    without = {
        r.metrics["miou"].reason
        for r in rows
        if r.status in {"ok", "wrong"} and "miou" in r.metrics and r.value("miou") is None
    }
    return lines + [f"no mIoU: {escape(reason)}" for reason in sorted(without)]


def _short(row: Row) -> str:
    """What tells a case from the others of its group: variant, target, axis."""
    case = row.result.case
    return " / ".join(p for p in (case.variant.slug, case.target.name, case.axis) if p)


def _percent(metric: Metric | None) -> str:
    if metric is None or metric.value is None:
        return NOTHING
    text = f"{100 * metric.value:.2f}"
    if metric.low is None or metric.high is None:
        return text
    return f"{text} ({100 * metric.low:.1f} to {100 * metric.high:.1f})"


def _signed(metric: Metric | None) -> str:
    if metric is None or metric.value is None:
        return NOTHING
    text = f"{100 * metric.value:+.2f}"
    if metric.low is None or metric.high is None:
        return text
    return f"{text} ({100 * metric.low:+.2f} to {100 * metric.high:+.2f})"


def _number(metric: Metric | None) -> str:
    return NOTHING if metric is None or metric.value is None else f"{metric.value:.4g}"


def _ms(metric: Metric | None) -> str:
    if metric is None or metric.value is None:
        return NOTHING
    return f"{metric.value:.1f}" if metric.value < 1000 else f"{metric.value:.0f}"


def _megabytes(metric: Metric | None) -> str:
    if metric is None or metric.value is None:
        return NOTHING
    return f"{metric.value / 1e6:.1f} MB" if metric.value < 1e9 else f"{metric.value / 1e9:.2f} GB"


COLUMNS: dict[str, tuple[str, Callable[[Metric | None], str]]] = {
    "mIoU % (95 %)": ("miou", _percent),
    "difference": ("miou_difference", _signed),
    "p50 ms": ("latency_p50_ms", _ms),
    "p99": ("latency_p99_ms", _ms),
    "images/s": ("throughput_ips", _number),
    "peak RSS": ("rss_peak_bytes", _megabytes),
    "file": ("file_bytes", _megabytes),
    "agreement %": ("agreement", _percent),
}
"""Heading -> metric and how it is written."""
