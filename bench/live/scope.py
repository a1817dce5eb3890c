"""The pairs of a live gate: of which cases, how many are still needed, and how long they take."""

import fnmatch
import time
from collections.abc import Callable, Mapping
from statistics import median

from bench.errors import NothingMeasured
from bench.gate.live import suspicious
from bench.live.pair import BURST, Plan
from bench.live.prepared import Tell
from bench.metrics.pairs import log_ratios
from bench.record.pairs import PairsRecord, ProcessPair
from bench.record.store import Run
from bench.suite.case import Case

START_S = 5.0
"""Two processes start, load and warm up: a guess, until the first pair is over."""


def choose(run: Run, base: Run | None, name: str, only: str, tell: Tell) -> list[tuple[Case, Case]]:
    """Candidate and baseline of each case that was timed; without a base, each is its own.

    A case that is wrong is another model, whose latency passes no gate, and float16 on a processor takes
    a minute a pair. So such cases are left out, unless `only` is the very id of one.

    The base is a run, or None for a git revision, which has no cases of its own; `name` is what the
    caller calls it.

    Raises:
        NothingMeasured: no case is left.
    """
    found, wrong = [], []
    for result in run.results:
        case = result.case
        there = case if base is None else _of(base, case.id)
        if there is None or not result.get("timing") or not fnmatch.fnmatchcase(case.id, only):
            continue
        if result.status == "ok" or case.id == only:
            found.append((case, there))
        elif result.status == "wrong":
            wrong.append(case.id)
    if wrong:
        tell(
            f"left out, because they are wrong: {', '.join(wrong)} (--only ID pairs one all the same)"
        )
    if not found:
        raise NothingMeasured(
            f"{run.folder} has no timed case that could be held against {name}.",
            "Name another base, or another --only.",
        )
    return found


def _of(run: Run, case_id: str) -> Case | None:
    result = run.get(case_id)
    return result.case if result and result.status in {"ok", "wrong"} else None


def finish(
    record: PairsRecord,
    wanted: int,
    bound: float,
    measure: Callable[[int], ProcessPair],
    keep: Callable[[PairsRecord], None],
) -> PairsRecord:
    """Record with all its pairs, from wherever an earlier process was stopped.

    A look has `wanted` pairs; beyond the ratio `bound` a slow-down is suspected, and then looked at
    again. `measure` makes the pair of a number, and `keep` stores the record after every pair.
    """
    while (now := due(record, wanted, bound)) is not None:
        pair = measure(len(record.pairs))
        record = now.model_copy(update={"pairs": (*record.pairs, pair)})
        keep(record)
    return record


def due(record: PairsRecord, wanted: int, bound: float) -> PairsRecord | None:
    """The record, marked as looked at again where that begins now; None where it is whole."""
    count = len(record.pairs)
    if record.first is not None:
        return record if count < record.first + wanted else None
    if count < wanted:
        return record
    if suspicious(log_ratios(record.pairs), bound):
        return record.model_copy(update={"first": count, "confirms": True})
    return None


def left(record: PairsRecord, wanted: int) -> int:
    """Pairs that are still to be measured, as long as nothing looks bad."""
    count = len(record.pairs)
    return max(0, (wanted if record.first is None else record.first + wanted) - count)


def seconds(run: Run, case_id: str, plan: Plan | None = None) -> float:
    """About what a pair of a case takes: its rounds, by the median that was recorded."""
    plan = plan or Plan()
    result = run.get(case_id)
    timing = result.get("timing") if result else None
    samples = [ns for x in timing.launches for ns in x.end_to_end_ns] if timing else []
    burst = BURST * median(samples) / 1e9 if samples else 0.0
    rounds = min(plan.rounds, max(plan.fewest, plan.side_s / burst)) if burst else plan.rounds
    return START_S + 2 * burst * rounds


class Clock:
    """Says which pair of which case is being measured, and about how long the rest takes.

    What a pair is guessed to take scales with what those before really took. It speaks before a pair,
    never while one is timed.
    """

    def __init__(
        self,
        expected: Mapping[str, float],
        tell: Tell,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """`expected`: case -> seconds of one of its pairs, in the order in which they are measured."""
        self._expected = dict(expected)
        self._tell, self._now = tell, now
        self._left = dict.fromkeys(expected, 0)
        self._guessed = self._took = 0.0
        self._began: tuple[float, float] | None = None

    def plan(self, case_id: str, pairs: int) -> None:
        """So many pairs of a case are still to come."""
        self._left[case_id] = pairs

    def pair(self, case_id: str, number: int, wanted: int) -> None:
        """Pair `number` (from 1) of `wanted` begins; the one before is over."""
        self.stop()
        place = list(self._expected).index(case_id) + 1
        text = f"[{place}/{len(self._expected)}] {case_id}: live pair {number} of {wanted}"
        if self._took:
            left = sum(n * self._expected[c] for c, n in self._left.items())
            text += f", about {left * self._took / self._guessed / 60:.0f} min left"
        self._tell(text)
        self._left[case_id] -= 1
        self._began = (self._now(), self._expected[case_id])

    def stop(self) -> None:
        """The pair that was measured is over."""
        if self._began is not None:
            began, guess = self._began
            self._took, self._guessed = self._took + self._now() - began, self._guessed + guess
            self._began = None
