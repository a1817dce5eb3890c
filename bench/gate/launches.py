"""Ratio of two latencies that were measured apart, with the interval that their processes allow.

Where both sides have two processes or more, the interval is Student's over the logarithms of the
processes' medians, with the variance of both sides pooled. One process tells nothing of how
processes differ. Then the interval is made of the samples within (order statistics; of several
processes from the lowest end to the highest) and is a lower bound on what isn't known.
"""

import math
from collections.abc import Sequence
from statistics import fmean, median, variance

from bench.metrics.estimate import LEVEL, Estimate, student
from bench.metrics.latency import median_interval
from bench.record.timing import TimingMeasurement

Ends = tuple[float, float]
Beside = tuple[TimingMeasurement, TimingMeasurement]
"""A variant's timing and its reference's."""


def ratio(new: TimingMeasurement, old: TimingMeasurement) -> Estimate:
    """Latency of `new` over that of `old`, two runs that share no moment."""
    now, was = _logs(new), _logs(old)
    value = math.exp(fmean(now) - fmean(was))
    if min(len(now), len(was)) >= 2:
        return _student(value, now, was)
    return _within(value, [_ends(new, 2)], [_ends(old, 2)])


def relative(new: Beside, old: Beside) -> Estimate:
    """Latency over the reference's in one run, over the same in another run.

    Launches of a run are interleaved, so launch i is held against the reference's launch i; one that
    either lost is left out.
    """
    now, was = _differences(*new), _differences(*old)
    if min(len(now), len(was)) >= 2:
        return _student(math.exp(fmean(now) - fmean(was)), now, was)
    one, one_reference, two, two_reference = (fmean(_logs(timing)) for timing in (*new, *old))
    value = math.exp(one - one_reference - two + two_reference)
    ends = [[_ends(timing, 4) for timing in both] for both in ((new[0], old[1]), (old[0], new[1]))]
    return _within(value, *ends)


def _differences(timing: TimingMeasurement, reference: TimingMeasurement) -> list[float]:
    """Logarithm of each process's median over that of the reference's process of the same number."""
    mine, other = _numbered(timing), _numbered(reference)
    return [mine[i] - other[i] for i in sorted(mine.keys() & other.keys())]


def _numbered(timing: TimingMeasurement) -> dict[int, float]:
    return {
        i: math.log(median(x.end_to_end_ns)) for i, x in timing.numbered.items() if x.end_to_end_ns
    }


def _logs(timing: TimingMeasurement) -> list[float]:
    """Logarithm of each process's median, nanoseconds."""
    return list(_numbered(timing).values())


def _student(value: float, now: Sequence[float], was: Sequence[float]) -> Estimate:
    n, m = len(now), len(was)
    freedom = n + m - 2
    pooled = ((n - 1) * variance(now) + (m - 1) * variance(was)) / freedom
    half = student(freedom) * math.sqrt(pooled * (1 / n + 1 / m))
    how = f"{n} processes against {m}"
    return Estimate(value, value * math.exp(-half), value * math.exp(half), how)


def _ends(timing: TimingMeasurement, intervals: int) -> Ends | None:
    """Interval that holds the medians of all processes, of so many that shall hold together."""
    level = 1 - (1 - LEVEL) / intervals
    ends = [median_interval(x.end_to_end_ns, level) for x in timing.launches if x.end_to_end_ns]
    lows, highs = [e[0] for e in ends if e[0] is not None], [e[1] for e in ends if e[1] is not None]
    return (min(lows), max(highs)) if len(lows) == len(ends) == len(highs) else None


def _within(value: float, above: list[Ends | None], below: list[Ends | None]) -> Estimate:
    """Opposite ends over one another (Bonferroni)."""
    over, under = [e for e in above if e], [e for e in below if e]
    if len(over) < len(above) or len(under) < len(below):
        return Estimate(value, None, None, "too few samples for an interval")
    low = math.prod(e[0] for e in over) / math.prod(e[1] for e in under)
    high = math.prod(e[1] for e in over) / math.prod(e[0] for e in under)
    return Estimate(value, low, high, "samples within single processes")
