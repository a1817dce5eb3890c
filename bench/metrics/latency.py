"""Percentiles, throughput and distribution-free intervals of latency samples."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

LEVEL = 0.95


@dataclass(frozen=True)
class Percentile:
    """A percentile of samples, and whether there are enough of them to tell it."""

    value_ns: float
    needed: int
    """Samples of which one is expected to lie beyond it."""
    samples: int

    @property
    def note(self) -> str:
        """What a reader must know; empty where there are enough samples."""
        if self.samples >= self.needed:
            return ""
        return (
            f"only {self.samples} samples, {self.needed} are needed to expect one beyond it: "
            "this is close to the largest"
        )


def percentile(samples_ns: Sequence[int], share: float) -> Percentile:
    """Percentile, nanoseconds, with linear interpolation between the two nearest samples.

    Args:
        samples_ns: at least one.
        share: 0.5 for the median, 0.99 for p99.
    """
    value = float(np.percentile(_array(samples_ns), 100 * share))
    # 1 / (1 - 0.95) is 19.999...: rounded before the ceiling.
    needed = math.ceil(round(1 / (1 - share), 9))
    return Percentile(value, needed, len(samples_ns))


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
    tail, below, k = (1 - level) / 2, 0, 0
    whole = 1 << samples
    while k < samples:
        below += math.comb(samples, k)
        if below > tail * whole:
            break
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


def _array(samples_ns: Sequence[int]) -> NDArray[np.float64]:
    return np.asarray(samples_ns, np.float64)
