"""Between processes: the process is the unit of every latency interval.

Memory layout and thread placement differ between processes and shift all samples of one. So each
process gives one number, its median, and their scatter is that of a further process. The case's median
is their geometric mean, because the interval is Student's t over their logarithms, and lies
about it; latencies scatter by factors, and a median of so few numbers would waste a third of them.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from bench.metrics import series
from bench.metrics.estimate import Estimate, geometric
from bench.metrics.latency import median_interval

MAD_TO_SD = 1.4826
"""Standard deviation of a normal distribution over its median absolute deviation."""
SERIAL = 0.2
"""Correlation from one sample to the next from which it matters: the interval is 1.2 times as wide."""
SERIAL_Z = 2.9
"""Standard errors beyond which it isn't chance (one in 500, one-sided)."""
AGAIN = "launches = 5 in the protocol gives one"
ONE = f"one process, so no interval: {AGAIN}"
UNPAIRED = "no process of the one was measured beside one of the other: no interval"
TWO = "two processes: with one degree of freedom Student's t is very wide (12.7 standard errors)"


@dataclass(frozen=True)
class Variances:
    """Relative standard deviations of a case's samples."""

    within: float
    """Of a sample about its process's median; robust (MAD)."""
    between: float | None
    """Of the processes' medians; None for one process."""
    worth: float | None
    """Independent samples that one process's samples are worth; None for one process."""
    samples: float
    """Samples of a process (harmonic mean)."""


def over(values: Sequence[float]) -> Estimate:
    """Geometric mean of one positive value a process, with Student's t interval over processes."""
    if len(values) < 2:
        return Estimate(float(values[0]), note=ONE)
    return replace(geometric(series.logs(values)), note=TWO if len(values) == 2 else "")


def paired(a: Mapping[int, float], b: Mapping[int, float]) -> Estimate:
    """Ratio a / b of two cases, one value a process; launch i of one stands with launch i of the other.

    Launches of a suite's cases are measured in turns, so what changes with the hour cancels. A
    launch that only one of the two has is left out, and the note says so.
    """
    both = sorted(a.keys() & b.keys())
    if not both:
        return Estimate(over([*a.values()]).value / over([*b.values()]).value, note=UNPAIRED)
    found = over([a[i] / b[i] for i in both])
    if len(both) == max(len(a), len(b)):
        return found
    few = f"of {len(a)} and {len(b)} processes {len(both)} make pairs"
    return replace(found, note="; ".join(filter(None, (few, found.note))))


def within(samples_ns: Sequence[int]) -> Estimate:
    """Median of one process, nanoseconds, with its interval within that process.

    Order statistics; where samples remember each other (`remembers`), the moving-block bootstrap.
    """
    values = np.asarray(samples_ns, np.float64)
    median = float(np.median(values))
    if remembers(samples_ns):
        length = series.block_length(values)
        note = f"samples are autocorrelated: block bootstrap, blocks of {length}"
        return Estimate(median, *series.block_interval(values, length), note)
    low, high = median_interval(samples_ns)
    note = "" if low is not None else f"{len(values)} samples give the median no interval"
    return Estimate(median, low, high, note)


def remembers(samples_ns: Sequence[int], z: float = SERIAL_Z) -> float | None:
    """Correlation from sample to sample where it is large and no chance (z standard errors), else None."""
    if len(samples_ns) < series.FEWEST:
        return None
    found = series.serial(series.logs(samples_ns))
    return found if found >= max(SERIAL, z / math.sqrt(len(samples_ns))) else None


def spread(samples_ns: Sequence[float]) -> float:
    """Relative standard deviation about the median, robust: 1.4826 MAD of the logarithms."""
    values = series.logs(samples_ns)
    return MAD_TO_SD * float(np.median(np.abs(values - np.median(values))))


def variances(launches: Sequence[Sequence[int]]) -> Variances:
    """Scatter within and between processes, and what one process's samples are worth.

    The intraclass correlation r is the processes' own share of the variance: var(log medians) less
    what the median of n independent samples scatters by itself (pi/2 s^2 / n), over all of it. Then
    n samples are worth n / (1 + (n - 1) r) independent ones: Kish's design effect (Survey Sampling,
    1965, section 5.4).
    """
    noise = float(np.mean([spread(s) ** 2 for s in launches]))
    n = len(launches) / sum(1 / len(s) for s in launches)
    if len(launches) < 2:
        return Variances(math.sqrt(noise), None, None, n)
    medians = np.array([float(np.median(series.logs(s))) for s in launches])
    seen = float(medians.var(ddof=1))
    own = max(0.0, seen - math.pi / 2 * noise / n)
    share = own / (own + noise) if own else 0.0
    return Variances(math.sqrt(noise), math.sqrt(seen), n / (1 + (n - 1) * share), n)
