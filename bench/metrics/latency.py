"""Percentiles, throughput and distribution-free intervals of one process's latency samples.

What holds between processes stands in `launches`; what comes one after the other in `series`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from bench.metrics.estimate import LEVEL


@dataclass(frozen=True)
class Percentile:
    """A percentile of samples, or None where there are too few of them to claim it."""

    name: str
    """`p99`."""
    value_ns: float | None
    bound_ns: float | None
    """Upper end of its one-sided 95 % interval, an order statistic, for independent samples."""
    samples: int
    needed: int

    @property
    def reason(self) -> str:
        """Why there is no value; empty where there is one."""
        if self.samples >= self.needed:
            return ""
        return f"{self.samples} samples; {self.name} needs {self.needed}"


def percentile(samples_ns: Sequence[float], share: float) -> Percentile:
    """Percentile (a share of 0.99 for p99), ns, interpolated between the two nearest of the samples.

    There is at least one sample; infinite = never done.
    """
    values = np.sort(_array(samples_ns))
    name, least = f"p{100 * share:g}", needed(share)
    k = bound_rank(len(values), share)
    if k is None:
        return Percentile(name, None, None, len(values), least)
    at = (len(values) - 1) * share
    below, above = values[math.floor(at)], values[math.ceil(at)]
    # Equal neighbours may both be infinite.
    value = below if below == above else below + (at - math.floor(at)) * (above - below)
    return Percentile(name, float(value), float(values[k - 1]), len(values), least)


def needed(share: float, level: float = LEVEL) -> int:
    """Fewest samples that allow to claim a percentile: p50 5, p90 29, p95 59, p99 299.

    With n independent samples the largest lies above the p-quantile with probability 1 - p^n. Only
    where that reaches the level does any sample bound the percentile from above (Hahn & Meeker,
    Statistical Intervals, 1991, section 5.2); MLPerf's early stopping asks the same of a run.
    """
    return math.ceil(math.log(1 - level) / math.log(share))


@lru_cache(maxsize=256)
def bound_rank(samples: int, share: float, level: float = LEVEL) -> int | None:
    """Rank k, from 1, of the smallest order statistic that bounds a percentile from above.

    Smallest k with P(Binomial(n, p) <= k - 1) >= level; None where even k = n doesn't reach it.
    """
    from scipy.special import bdtr

    below = bdtr(np.arange(samples, dtype=np.float64), samples, share)
    k = int(np.searchsorted(below, level)) + 1
    return k if k <= samples else None


def median_ns(samples_ns: Sequence[float]) -> float:
    """Median, nanoseconds, of at least one sample."""
    return float(np.median(_array(samples_ns)))


def mean_ns(samples_ns: Sequence[int]) -> float:
    """Arithmetic mean, nanoseconds."""
    return float(_array(samples_ns).mean())


def throughput(samples_ns: Sequence[int], batch_size: int) -> float:
    """Images a second of back-to-back calls: batch size / mean end-to-end time.

    The mean, not the median: images / total time, so that slow calls cost what they cost.
    """
    return batch_size * 1e9 / mean_ns(samples_ns)


@lru_cache(maxsize=256)
def rank(samples: int, level: float = LEVEL) -> int | None:
    """Rank k, from 1, such that the k-th smallest and k-th largest sample enclose the median.

    Largest k with P(Binomial(n, 1/2) < k) <= (1 - level) / 2: distribution-free, at least `level`
    for independent samples (David & Nagaraja, Order Statistics, 2003, section 7.1). None if even
    the extremes don't reach the level (fewer than 6 samples at 95 %).
    """
    below, k, ways = 0, 0, 1
    most = int((1 - level) / 2 * (1 << samples))
    while k < samples:
        below += ways
        if below > most:
            break
        # C(n, k + 1) from C(n, k): whole numbers, and a thousand times cheaper than anew.
        ways = ways * (samples - k) // (k + 1)
        k += 1
    return k or None


def median_interval(
    samples_ns: Sequence[int], level: float = LEVEL
) -> tuple[float, float] | tuple[None, None]:
    """Low and high end, nanoseconds, of the median's interval by order statistics; see `rank`."""
    k = rank(len(samples_ns), level)
    if k is None:
        return None, None
    ordered = np.sort(_array(samples_ns))
    return float(ordered[k - 1]), float(ordered[-k])


def median_ratio(
    a_ns: Sequence[int], b_ns: Sequence[int]
) -> tuple[float, float | None, float | None]:
    """Ratio of the medians a / b, with low and high end of a 95 % interval.

    The ends divide opposite ends of two 97.5 % intervals (Bonferroni), so the level is at least
    95 % within these samples; what changes between two processes it can't know.
    """
    value = float(np.median(_array(a_ns)) / np.median(_array(b_ns)))
    a = median_interval(a_ns, (1 + LEVEL) / 2)
    b = median_interval(b_ns, (1 + LEVEL) / 2)
    if a[0] is None or b[0] is None:
        return value, None, None
    return value, a[0] / b[1], a[1] / b[0]


def _array(samples_ns: Sequence[float]) -> NDArray[np.float64]:
    return np.asarray(samples_ns, np.float64)
