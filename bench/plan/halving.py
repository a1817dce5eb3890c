"""Successive halving: timings in rounds, and which cases are out after each."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from bench.jobs.measure import TimingJob
from bench.metrics.latency import median_ns
from bench.plan import select
from bench.plan.graph import Graph, Prepared
from bench.plan.results import dropped
from bench.plan.setting import StepFailed
from bench.plan.walk import Routine
from bench.record.environment import Environment
from bench.record.result import Result
from bench.record.timing import Launch
from bench.suite.case import Case
from bench.suite.halving import Halving


class Timed(NamedTuple):
    """What a round found of one case."""

    ns: float
    """Median latency."""
    launch: Launch
    made: Prepared
    environment: Environment


@dataclass
class Rounds:
    """The rounds of one run."""

    rule: Halving
    choose: Callable[[Case], Graph | None]
    """Place that a case runs at; None = no place runs it."""
    out: dict[int, Result] = field(default_factory=dict)
    """Position of a case that doesn't go on -> its row."""

    def run(
        self, cases: Sequence[Case], stored: Sequence[Result | None], walk: Callable[..., None]
    ) -> None:
        """Rounds of every model, target and data set of which some case isn't settled yet."""
        for group in _groups(cases):
            settled: set[int] = set()
            walk(self._settled(i, cases[i], stored[i], settled) for i in group)
            if settled == set(group):
                rows = {i: stored[i] for i in group}
                self.out |= {i: row for i, row in rows.items() if row and select.ended(row)}
            else:
                self._rounds({i: cases[i] for i in group if not cases[i].is_reference}, walk)

    def _rounds(self, racing: dict[int, Case], walk: Callable[..., None]) -> None:
        for number in range(self.rule.rounds):
            if len(racing) <= self.rule.least:
                return
            found: dict[int, Timed] = {}
            walk(self._timed(i, case, number, found) for i, case in racing.items())
            kept = kept_of({i: timed.ns for i, timed in found.items()}, self.rule)
            for i in found.keys() - kept:
                first = min(found.values(), key=lambda timed: timed.ns)
                times = f"{found[i].ns / first.ns:.2g} times {first.made.case.variant.slug}"
                reason = (
                    f"timed in round {number + 1} of successive halving alone, "
                    f"{found[i].ns / 1e6:.3g} ms, {times}; {len(kept)} of {len(found)} went on"
                )
                self.out[i] = dropped(found[i].made, found[i].launch, found[i].environment, reason)
            racing = {i: racing[i] for i in sorted(kept)}

    def _timed(self, i: int, case: Case, number: int, found: dict[int, Timed]) -> Routine[None]:
        """Time a case; one that can't be is left to its row, which says why."""
        graph = self.choose(case)
        if graph is None:
            return
        quick = {
            "warmup": 1,
            "iterations": self.rule.iterations * 2**number,
            "timing_limit_s": self.rule.limit_s * 2**number,
            "median_width": None,
            "launches": 1,
        }
        try:
            made = yield from graph.ready(case)
            made = replace(made, ran=made.ran.asking(**quick))
            what = f"round {number + 1} of {self.rule.rounds}"
            done = yield graph.measured(TimingJob, made, what)
        except StepFailed:
            return
        launch = done.report.launch
        median = median_ns(launch.end_to_end_ns)
        found[i] = Timed(median, launch, made, graph.environment(made.case))

    def _settled(self, i: int, case: Case, old: Result | None, settled: set[int]) -> Routine[None]:
        """Note whether a stored row still tells what becomes of a case, or no place runs it."""
        graph = self.choose(case)
        if graph is None:
            settled.add(i)
            return
        try:
            case = yield from graph.identified(case)
        except StepFailed:
            return
        if old is not None and select.stands(old, case, graph.told.machine, halved=True):
            settled.add(i)


def kept_of(times: dict[int, float], rule: Halving) -> set[int]:
    """Keys of the times that go on: the fastest share, at least so many, and what is hardly slower."""
    order = sorted(times, key=lambda i: (times[i], i))
    count = max(rule.least, math.ceil(rule.keep * len(order)))
    if count >= len(order):
        return set(order)
    limit = times[order[count - 1]] * (1 + rule.margin)
    return {i for i in order if times[i] <= limit}


def _groups(cases: Sequence[Case]) -> Iterator[list[int]]:
    """Positions of the cases that are alternatives to each other."""
    found: dict[tuple[str, str, str, str], list[int]] = {}
    for i, case in enumerate(cases):
        key = (case.model.name, case.target.name, case.dataset.name, case.axis)
        found.setdefault(key, []).append(i)
    yield from found.values()
