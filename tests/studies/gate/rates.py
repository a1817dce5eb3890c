"""How often a rule calls a regression, over comparisons drawn from pools of recorded pairs.

Comparisons draw without replacement within themselves, but overlap with one another: a thousand of
them are not a thousand facts. The interval of a rate is therefore Clopper and Pearson's for as many
comparisons as the pool holds looks: its size over the pairs of one look. In simulated pools of normal
pairs such intervals held the true rate in 98 to 100 % of cases; with every pair counted as a comparison
they held it in 40 to 90 %.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bench.gate.live import decide, suspicious
from bench.metrics.pairs import clopper_pearson, draw_gates
from bench.record.base import Record
from bench.record.calibration import Rate

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from bench.record.pairs import ProcessPair
    from tests.studies.gate.rules import Rule

DRAWS = 1000


class Rated(Record):
    """Share of comparisons that a rule called slower."""

    rule: str
    condition: str
    planted: float
    """The slow-down that was really there: 0.05 = 5 %; 0 = the same code."""
    samples: str
    """`same pair`: baseline and candidate took turns; `other pairs`: the baseline was measured in
    other processes, at another minute."""
    rate: Rate
    units: int
    """Comparisons that share no pair: what the interval rests on."""


def gates(logs: Sequence[float], pairs: int, bound: float, *, looks: int = 2) -> Rate:
    """Rate at which gates of `pairs` pairs, with a second look at fresh ones, call a regression."""
    hits = 0
    for first, second in draw_gates(logs, pairs, DRAWS, seed=1):
        one = first.tolist()
        if not suspicious(one, bound):
            continue
        hits += looks == 1 or decide(one, second.tolist(), bound).kind == "regressed"
    return shared(hits, DRAWS, separate(len(logs), pairs))


def separate(pool: int, pairs: int) -> int:
    """Looks at `pairs` pairs that share no pair within a pool."""
    return pool // pairs


def interleaved(rule: Rule, pool: Sequence[ProcessPair]) -> Rate:
    """Rate of a rule that gets both sides of the same pairs: better samples than its tool takes."""
    return _drawn(rule, len(pool), lambda rng: _same(rng, len(pool), rule.processes), pool, pool)


def stored(rule: Rule, old: Sequence[ProcessPair], new: Sequence[ProcessPair]) -> Rate:
    """Rate of a rule whose baseline was measured by other processes at another minute.

    The processes of one side follow one another, as a tool starts them.

    Raises:
        ValueError: a pool is too small for that.
    """
    count = rule.processes
    # Within one pool the two sides share no pair; pools of different slow-downs never do.
    gap = count if old is new else 0
    starts = [
        (i, j)
        for i in range(len(old) - count + 1)
        for j in range(len(new) - count + 1)
        if abs(i - j) >= gap
    ]
    if not starts:
        raise ValueError(
            f"{rule.name}: {len(old)} and {len(new)} pairs hold no two comparable runs"
        )

    def pick(rng: np.random.Generator) -> Picked:
        i, j = starts[int(rng.integers(len(starts)))]
        return np.arange(i, i + count), np.arange(j, j + count)

    return _drawn(rule, min(len(old), len(new)), pick, old, new)


def shared(hits: int, of: int, units: int) -> Rate:
    """Rate of overlapping comparisons, with the interval that `units` separate ones allow."""
    low, high = clopper_pearson(hits / of * units, units)
    return Rate(hits=hits, of=of, low=low, high=high)


def samples(bursts: tuple[tuple[int, ...], ...]) -> NDArray[np.float64]:
    """All samples of a side, nanoseconds, in order."""
    return np.array([ns for burst in bursts for ns in burst], np.float64)


Picked = tuple["NDArray[np.int64]", "NDArray[np.int64]"]


def _drawn(
    rule: Rule,
    pool: int,
    pick: Callable[[np.random.Generator], Picked],
    old: Sequence[ProcessPair],
    new: Sequence[ProcessPair],
) -> Rate:
    rng = np.random.default_rng(2)
    was = [samples(p.baseline_ns) for p in old]
    now = [samples(p.candidate_ns) for p in new]
    hits = 0
    for _ in range(DRAWS):
        at, to = pick(rng)
        hits += rule.slower([was[i] for i in at], [now[j] for j in to])
    return shared(hits, DRAWS, pool // rule.processes)


def _same(rng: np.random.Generator, pool: int, count: int) -> Picked:
    found = rng.choice(pool, count, replace=False)
    return found, found
