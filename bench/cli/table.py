"""The table of a run in the terminal; `run` ends with it and `show` prints it."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar

from rich.cells import cell_len
from rich.markup import escape

from bench.metrics.catalog import info

if TYPE_CHECKING:
    from rich.console import Console

    from bench.metrics.base import Metric, Row

T = TypeVar("T", bound=Hashable)
STYLES = {"ok": "green", "wrong": "red", "failed": "red", "skipped": "yellow"}
WIDTH = 160
"""Columns where the output is no terminal, so that nothing is left out of a log."""
NOTHING = "-"
GAP = 2
MOST = 12
"""Rows that a line names; of more it gives the number."""


def print_rows(rows: Sequence[Row], console: Console) -> None:
    """Print a table for each model and data set, and below it why a row isn't ok."""
    if not console.is_terminal:
        console.width = max(console.width, WIDTH)
    for title, members in grouped(rows).items():
        named = names(members)
        cells = {h: [cell(r, h) for r in named] for h in COLUMNS}
        headings = fitting(named, cells, console.width)
        statuses = (r.status for r in named)
        body = zip(named.values(), statuses, *(cells[h] for h in headings), strict=True)
        heads = (h.replace("accuracy", members[0].names.label) for h in headings)
        head, *lines = map(escape, aligned([("case", "status", *heads), *body], 2))
        console.print(f"[bold]{escape(title)}[/] [dim](± half of the 95 % interval)[/]")
        table = [f"[bold]{head}[/]", *map(_coloured, lines, (r.status for r in members))]
        left = [h for h in COLUMNS if h not in headings]
        below = ["[dim]no room for: " + ", ".join(left) + "[/]"] if left else []
        text = "\n".join([*table, *below, *reasons(named)])
        console.print(text, highlight=False, soft_wrap=True)
        console.print()


def aligned(cells: Sequence[Sequence[str]], words: int = 1) -> list[str]:
    """Lines of a table: so many columns of words, flush left, then numbers, flush right."""
    wide = [max(map(cell_len, column)) for column in zip(*cells, strict=True)]
    return [
        (" " * GAP)
        .join(
            text.ljust(w) if i < words else " " * (w - cell_len(text)) + text
            for i, (text, w) in enumerate(zip(row, wide, strict=True))
        )
        .rstrip()
        for row in cells
    ]


def _coloured(line: str, status: str) -> str:
    before, _, after = line.partition(f"  {status}")
    return f"{before}  [{STYLES[status]}]{status}[/]{after}"


def grouped(rows: Sequence[Row]) -> dict[str, list[Row]]:
    """`MODEL on DATASET` -> its rows, in order; apart where another accuracy was measured."""
    found: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        key = f"{row.names.model} on {row.names.dataset}", row.names.label
        found.setdefault(key, []).append(row)
    titles = [title for title, _ in found]
    return {
        title if titles.count(title) == 1 else f"{title}, {label}": members
        for (title, label), members in found.items()
    }


def names(rows: Sequence[Row]) -> dict[Row, str]:
    """Row -> what tells it from the others: variant, target where they differ, and axis."""
    several = len({r.names.target for r in rows}) > 1
    parts = {r: (r.names.variant, r.names.target if several else "", r.names.axis) for r in rows}
    return {r: " / ".join(filter(None, p)) for r, p in parts.items()}


def cell(row: Row, heading: str) -> str:
    """Text of a cell; `-` where there is no number."""
    name = COLUMNS[heading]
    metric = row.metric(name)
    return NOTHING if metric is None or metric.value is None else _text(row, name, metric)


def fitting(named: Mapping[Row, str], cells: Mapping[str, Sequence[str]], width: int) -> list[str]:
    """Headings of the columns that fit into a width; the least telling ones are left out first."""
    sizes = {h: max(map(cell_len, (h, *texts))) for h, texts in cells.items()}
    room = width - max(map(cell_len, named.values())) - len("skipped") - 2 * GAP
    kept = list(COLUMNS)
    for heading in LEFT_OUT_FIRST:
        if sum(sizes[h] + GAP for h in kept) <= room:
            break
        kept.remove(heading)
    return kept


def reasons(named: Mapping[Row, str]) -> list[str]:
    """Lines, with markup: why rows aren't ok or have no accuracy, what is noted, flags, load."""
    broken = _by(named, lambda r: [(r.status, r.names.reason)] if r.status != "ok" else [])
    lines = [
        f"[{STYLES[status]}]{status}[/] {_listed(who)}: {escape(reason)}"
        for (status, reason), who in broken.items()
    ]
    measured = {r: n for r, n in named.items() if r.status in {"ok", "wrong"}}
    without = {
        (r.names.label, m.reason)
        for r in measured
        if (m := r.metric("headline")) and m.value is None
    }
    lines += [f"no {label}: {escape(reason)}" for label, reason in sorted(without)]
    for note, who in _by(named, lambda r: r.names.notes).items():
        lines.append(f"note {_listed(who, named)}: {escape(note)}")
    timed = {r: n for r, n in named.items() if r.value("latency_flags") is not None}
    flags = _by(timed, lambda r: filter(None, r.metrics["latency_flags"].note.split(", ")))
    lines += [f"[yellow]flag[/] {name}: {_listed(who, timed)}" for name, who in flags.items()]
    return [*lines, *_loaded(named)]


def _by(named: Mapping[Row, str], of: Callable[[Row], Iterable[T]]) -> dict[T, list[str]]:
    """What is said of rows -> names of the rows of which it is said."""
    found: dict[T, list[str]] = {}
    for row, name in named.items():
        for said in of(row):
            found.setdefault(said, []).append(name)
    return found


def _listed(some: Sequence[str], every: Mapping[Row, str] | None = None) -> str:
    if every is not None and len(some) == len(every) > 1:
        return "all"
    more = f" and {len(some) - MOST} more" if len(some) > MOST else ""
    return escape(", ".join(some[:MOST])) + more


def _loaded(named: Mapping[Row, str]) -> list[str]:
    """A line for each row whose load came at its own pace."""
    lines = []
    for row, name in named.items():
        if row.names.scenario not in {"server", "constant_stream"}:
            continue
        said = [w.format(v) for metric, w in LOAD.items() if (v := row.value(metric)) is not None]
        if said:
            lines.append(f"{row.names.scenario} {escape(name)}: {', '.join(said)}")
    return lines


def _text(row: Row, name: str, metric: Metric) -> str:
    """A number as its column writes it, with half of its interval where the column has one."""
    about, value = info(row.key(name)), metric.value or 0.0
    text = about.written.cell(value)
    if name not in WITH_HALF or metric.low is None or metric.high is None:
        return text
    half = (metric.high - metric.low) / 2
    if about.unit == "fraction":
        return f"{text} ±{100 * half:.2f}"
    return f"{text} ±{half:.2g}" if half < 10 else f"{text} ±{half:.0f}"


COLUMNS = {
    "accuracy %": "headline",
    "difference": "headline_difference",
    "p50 ms": "latency_p50_ms",
    "p99 ms": "latency_p99_ms",
    "images/s": "throughput_ips",
    "peak memory": "rss_peak_bytes",
    "file size": "file_bytes",
    "agreement": "agreement",
    "flags": "latency_flags",
}
"""Heading -> metric."""
WITH_HALF = ("headline", "headline_difference", "latency_p50_ms")
"""Those that are shown with half of their 95 % interval."""

LOAD = {
    "latency_under_load_p50_ms": "p50 {:.1f} ms under load",
    "latency_under_load_p99_ms": "p99 {:.1f} ms",
    "result_age_p50_ms": "age {:.1f} ms",
    "result_age_peak_p50_ms": "peak age {:.1f} ms",
    "missed_deadlines": "{:.1%} of deadlines missed",
    "achieved_rate_hz": "{:.1f} results/s",
}
"""Metric -> how it is said of a row whose load came at its own pace."""

SHOWN = (*COLUMNS.values(), *LOAD)
"""Metrics that the table needs."""

LEFT_OUT_FIRST = (
    "p99 ms", "images/s", "flags", "agreement", "peak memory", "file size", "difference",
)  # fmt: skip
