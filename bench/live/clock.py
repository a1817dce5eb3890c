"""How far a live gate is, and about how long the rest takes."""

from __future__ import annotations

import time
from statistics import median
from typing import TYPE_CHECKING

from bench.live.pair import BURST, Plan

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bench.live.session import Tell
    from bench.record.store import Run

START_S = 5.0
"""Two processes start, load and warm up: a guess, until the first pair is over."""


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
