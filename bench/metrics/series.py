"""What the order of one process's samples tells: trend, autocorrelation, and the interval with it.

Everything works on ranks, signs or medians, so that a few very slow samples change little.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bench.metrics.estimate import LEVEL

RESAMPLES = 999
FEWEST = 12
"""Samples below which order tells nothing."""


def logs(values: Sequence[float]) -> NDArray[np.float64]:
    """Natural logarithms, float64 (n,): differences of them are relative ones; 0 counts as 1e-9."""
    return np.log(np.maximum(np.asarray(values, np.float64), 1e-9))


def ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ranks from 1, float64 (n,); equal values share their mean rank."""
    _, of, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2.0)[of]


def correlation(a: NDArray[np.float64], b: NDArray[np.float64]) -> float | None:
    """Spearman's rank correlation; None where one of them never changes."""
    x, y = (r - r.mean() for r in (ranks(a), ranks(b)))
    size = math.sqrt(float((x @ x) * (y @ y)))
    return float(x @ y) / size if size else None


def change(values: NDArray[np.float64]) -> float:
    """Change from first to last along a straight line, in the values' unit.

    Theil's incomplete method (1950): each value of the first half with its partner in the second,
    and the median of their slopes.
    """
    half = len(values) // 2
    slopes = (values[-half:] - values[:half]) / (len(values) - half)
    return float(np.median(slopes)) * (len(values) - 1)


def serial(values: NDArray[np.float64]) -> float:
    """Rank correlation of each value with the next, once a straight trend is taken out."""
    line = np.linspace(0.0, change(values), len(values))
    left = values - line
    return correlation(left[:-1], left[1:]) or 0.0


def independent(values: NDArray[np.float64]) -> float:
    """How many independent samples the values are worth: n (1 - r) / (1 + r), r = `serial`.

    Bartlett (1935), for a process in which each value remembers the last; at most n, at least 2.
    """
    r = max(0.0, serial(values))
    return max(2.0, len(values) * (1 - r) / (1 + r))


def block_length(values: NDArray[np.float64]) -> int:
    """Length of the bootstrap's blocks, after Politis & White (2004), for the median.

    The series is that of the signs about the median, which is what moves a median. The flat-top lag
    window ends where four correlations and more in a row are insignificant; for moving blocks
    D = 4/3 g(0)^2 and b = (2 G^2 n / D)^(1/3).
    """
    n = len(values)
    signs = np.sign(values - np.median(values))
    signs -= signs.mean()
    lags = min(n - 1, math.ceil(math.sqrt(n)) + 5)
    covariance = np.array([float(signs[: n - k] @ signs[k:]) / n for k in range(lags + 1)])
    if covariance[0] <= 0:
        return 1
    limit = 2 * math.sqrt(math.log10(n) / n)
    small = np.abs(covariance[1:] / covariance[0]) < limit
    run = max(5, math.ceil(math.sqrt(math.log10(n))))
    quiet = [m for m in range(lags - run + 1) if small[m : m + run].all()]
    window = min(2 * max(quiet[0] if quiet else lags, 1), lags)
    at = np.arange(1, window + 1)
    weight = np.clip(2 * (1 - at / window), 0.0, 1.0)
    bend = 2 * float((weight * at * covariance[1 : window + 1]).sum())
    level = float(covariance[0] + 2 * (weight * covariance[1 : window + 1]).sum())
    if level <= 0:
        return 1
    length = math.pow(n * 2 * bend**2 / (4 / 3 * level**2), 1 / 3)
    longest = math.ceil(min(3 * math.sqrt(n), n / 3))
    return max(1, min(math.ceil(length), longest))


def block_interval(values: NDArray[np.float64], length: int) -> tuple[float, float]:
    """95 % interval of the median by the moving-block bootstrap (Kuensch, 1989), percentile ends.

    The generator's seed is fixed: the same samples give the same interval.
    """
    n = len(values)
    rng = np.random.default_rng(0)
    starts = rng.integers(0, n - length + 1, (RESAMPLES, math.ceil(n / length)))
    drawn = (starts[:, :, None] + np.arange(length)).reshape(RESAMPLES, -1)[:, :n]
    medians = np.median(values[drawn], axis=1)
    low, high = np.quantile(medians, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)
