"""Display of a run and of its end: live on a terminal, plain lines elsewhere."""

import statistics
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from rich.console import Console

from bench.record.result import Result
from bench.suite.case import Case

_GUESS_S = {
    "work": 10.0,
    "coverage": 10.0,
    "ceiling": 10.0,
    "fits": 120.0,
    "checks": 5.0,
    "stages": 20.0,
}
"""Seconds of a step of which none is over yet; a case's first and later launches need no guess."""
_MARKS = {"ok": "ok", "wrong": "WRONG", "failed": "FAILED", "skipped": "skipped"}


class Watch:
    """Shows what runs, how far it is, and about how long the rest takes.

    The line is redrawn only when a worker says something, and no worker speaks while it times: a
    display that refreshed itself would take a core from the model that is being measured.
    """

    def __init__(self, total: int) -> None:
        self.stood = 0
        self._done = 0
        self._left: dict[str, int] = {"case": total}
        self._spent: dict[str, list[float]] = {}
        """Kind of step -> seconds of those that are over."""
        self._kind = ""
        self._what = ""
        self._began = self._step_began = time.monotonic()
        self._console = Console(stderr=True, highlight=False)
        self._live: Any = None

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            from rich.live import Live

            self._live = Live(console=self._console, auto_refresh=False, transient=True)
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            self._live.stop()

    def step(self, case: Case, what: str) -> None:
        """A step of a case begins."""
        self._what = f"{case.id}: {what}"
        if self._live is None:
            print(f"{self._count()} {self._what}", file=sys.stderr, flush=True)
        else:
            self._draw("")

    def progress(self, phase: str, done: int, total: int) -> None:
        """A step goes on."""
        if self._live is not None:
            self._draw(f"{phase} {done}/{total}" if total > 1 else phase)

    def left(self, steps: Mapping[str, int], began: str = "") -> None:
        """What is still to come; the step before is over."""
        now = time.monotonic()
        if self._kind:
            self._done += 1
            self._spent.setdefault(self._kind, []).append(now - self._step_began)
        self._left, self._kind, self._step_began = dict(steps), began, now

    def finished(self, result: Result, *, stood: bool) -> None:
        """A case has its result."""
        self.stood += stood
        if stood:
            return
        if result.process is not None and result.case.protocol.launches > 1:
            p = result.process  # a later launch does the same but for the accuracy
            seconds = p.startup_s + p.import_s + p.load_s + p.timing_s
            self._spent.setdefault("timing", []).append(seconds)
        self.updated(result)

    def updated(self, result: Result) -> None:
        """All launches of a case are done."""
        text = f"{_MARKS[result.status]:8} {result.case.id}  {_numbers(result) or result.reason}"
        if self._live is not None:
            self._console.print(text, markup=False)
        else:
            print(f"{self._count()} {text}", file=sys.stderr, flush=True)

    def _count(self) -> str:
        """`[k/n]` of all measuring steps, the present one counted."""
        total = max(1, self._done + sum(self._left.values()))
        return f"[{min(self._done + 1, total)}/{total}]"

    def _draw(self, inside: str) -> None:
        from rich.text import Text

        now = time.monotonic()
        parts = [self._count(), self._what, inside, _clock(now - self._began)]
        if self._spent:
            left = sum(number * self._seconds(kind) for kind, number in self._left.items())
            if self._kind:
                left -= min(now - self._step_began, self._seconds(self._kind))
            parts.append(f"about {_clock(left)} left")
        line = "  ".join(p for p in parts if p)
        self._live.update(Text(line, no_wrap=True, overflow="ellipsis"), refresh=True)

    def _seconds(self, kind: str) -> float:
        """What a step of a kind took so far, a mean; a guess before the first."""
        spent = self._spent.get(kind)
        return sum(spent) / len(spent) if spent else _GUESS_S.get(kind, 0.0)


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def _numbers(result: Result) -> str:
    """Median latency of a result, as the table and the card estimate it."""
    from bench.metrics.catalog.latency import median, timed
    from bench.metrics.format import milliseconds

    sets = [launch.end_to_end_ns for launch in timed(result)]
    if not sets:
        return ""
    whole = median(sets)
    text = whole.reason if whole.value is None else f"p50 {milliseconds(whole.value)} ms"
    if len(sets) > 1:
        every = sorted(statistics.median(s) / 1e6 for s in sets)
        ends = " to ".join(map(milliseconds, (every[0], every[-1])))
        return f"{text}  ({len(sets)} launches: {ends} ms)"
    wall = result.process.wall_s if result.process else 0.0
    return f"{text}  ({wall:.0f} s)"


def print_plan(cases: Sequence[Case], executor: str) -> None:
    """Print every case, and whether this machine runs it."""
    from bench.execute.probe import skip_reason

    if executor != "local":
        print(
            f"What follows holds for this machine: --list asks no node of the executor {executor!r}.",
            file=sys.stderr,
        )
    for case in cases:
        reason = skip_reason(case)
        print(f"{case.id}  skipped: {reason}" if reason else case.id)


def finish(folder: Path, results: Sequence[Result], *, stood: int) -> int:
    """Print the table, write the card, and give the exit code."""
    from bench.cli.table import print_rows
    from bench.metrics.rows import rows
    from bench.record.store import read_run
    from bench.report.card import write_card

    run = read_run(folder)
    derived = run, rows(run)
    print_rows(derived[1], Console())
    if stood and stood == sum(r.status != "skipped" for r in results):
        print("Everything stood already; measure again with --fresh.", file=sys.stderr)
    for r in results:
        if run.get(r.case.id) is None:  # the disk refused it
            print(f"{r.case.id}: {r.reason}", file=sys.stderr)
    try:
        print(f"card: {write_card(folder, derived=derived).html}")
    except OSError as e:
        print(f"The card can't be written: {e.strerror}.", file=sys.stderr)
    statuses = [r.status for r in results]
    broken = statuses.count("failed")
    if broken:
        print(f"{broken} of {len(statuses)} cases failed; the table says why.", file=sys.stderr)
        return 3
    if not any(s in {"ok", "wrong"} for s in statuses):
        print("Nothing was measured: every case was skipped.", file=sys.stderr)
        return 4
    return 0
