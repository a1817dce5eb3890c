"""The rules by which other tools call a benchmark slower, for the study: each tool's own limits.

Not their own samples. pyperf starts 20 processes unless told, and asv two whose samples it doesn't
record (`record_samples` is off, and `asv compare` then asks whether two 99 % intervals overlap). Here
both get five processes a side, with every sample recorded.

Every rule takes the samples of a baseline and of a candidate, one array a process, and says whether
its tool would call the candidate slower.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bench.metrics.estimate import quantile

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Samples = Sequence[NDArray[np.float64]]
    """One array a process, nanoseconds."""


GATE = "segbench gate --live"
"""Our own; it stands here so that tables can tell it from the others."""


@dataclass(frozen=True)
class Rule:
    """A tool's rule."""

    name: str
    processes: int
    """Of each side."""
    slower: Callable[[Samples, Samples], bool]
    how: str


def mean_beyond(share: float) -> Callable[[Samples, Samples], bool]:
    """pytest-benchmark --benchmark-compare-fail=mean:N% (its class PercentageRegressionCheck)."""

    def slower(old: Samples, new: Samples) -> bool:
        was, now = _all(old).mean(), _all(new).mean()
        return bool((now - was) / was > share)

    return slower


def median_beyond(share: float) -> Callable[[Samples, Samples], bool]:
    """TorchBench: median latency, DEFAULT_DELTA_THRESHOLD = 0.07 of its nightly detector."""

    def slower(old: Samples, new: Samples) -> bool:
        was, now = np.median(_all(old)), np.median(_all(new))
        return bool((now - was) / was > share)

    return slower


def ratio_beyond(limit: float) -> Callable[[Samples, Samples], bool]:
    """github-action-benchmark: current / previous > alert-threshold, 200 % unless told."""
    return lambda old, new: bool(_all(new).mean() / _all(old).mean() > limit)


ASV_FACTOR = 1.1
ASV_P = 0.002
ASV_REPEAT = 10


def asv(old: Samples, new: Samples) -> bool:
    """Rule of asv compare: Mann-Whitney U at p < 0.002 over the processes' samples, and a factor of 1.1.

    Its `repeat` takes at most ten samples of each process; the compared value is their median.
    """
    from scipy.stats import mannwhitneyu

    a, b = (np.concatenate([s[:ASV_REPEAT] for s in side]) for side in (old, new))
    if mannwhitneyu(a, b, alternative="two-sided").pvalue >= ASV_P:
        return False
    return bool(np.median(a) < np.median(b) / ASV_FACTOR)


PYPERF_VALUES = 3


def pyperf(old: Samples, new: Samples) -> bool:
    """Rule of pyperf compare_to: Student's two-sample t test at 95 %, pooled variance, and a larger mean.

    Three values a process, each a mean over loops, as its calibration makes of calls this long.
    """
    a, b = (
        np.array([part.mean() for s in side for part in np.array_split(s, PYPERF_VALUES)])
        for side in (old, new)
    )
    freedom = len(a) + len(b) - 2
    pooled = (((a - a.mean()) ** 2).sum() + ((b - b.mean()) ** 2).sum()) / freedom
    t = (b.mean() - a.mean()) / math.sqrt(pooled * (1 / len(a) + 1 / len(b)))
    return bool(t >= quantile(0.975, freedom))


RULES = (
    Rule("pytest-benchmark mean:5%", 1, mean_beyond(0.05), "mean more than 5 % larger"),
    Rule("pytest-benchmark mean:10%", 1, mean_beyond(0.10), "mean more than 10 % larger"),
    Rule("TorchBench 7 %", 1, median_beyond(0.07), "median more than 7 % larger"),
    Rule("github-action-benchmark 200 %", 1, ratio_beyond(2.0), "mean more than twice as large"),
    Rule("pyperf compare_to", 5, pyperf, "t test at 95 % over three values of each process"),
    Rule("asv compare", 5, asv, "Mann-Whitney U, p < 0.002, and median more than 1.1 times"),
)


def _all(side: Samples) -> NDArray[np.float64]:
    return np.concatenate(list(side))
