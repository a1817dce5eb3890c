"""Statistics of process pairs: log ratios, their interval, and the smallest change they can show.

The unit is the pair. A pair's number is the median, over its quiet rounds and over the ranks k within
a burst, of

    ln(k-th fastest of the candidate's burst / k-th fastest of the baseline's in the same round)

A spell of other load that covers a round hits both sides and cancels; what begins or ends within a
round doesn't. So the rounds during which other processes took least of the processor count: those
below `QUIET` where there are `ENOUGH`, else the quieter half. The choice looks at the others'
processor time alone, never at the samples, so it can't favour a side. The first iteration of a burst,
which finds cold caches, is held against another first one. With n pairs, their numbers r_i and
Student's t, the ratio's interval is

    exp(mean(r) +- t(0.975, n - 1) * sd(r) / sqrt(n))

so a slow-down and its inverse are treated alike. The sign-flip permutation test asks the same
question without a distribution: under "no difference" each r_i is as likely to be -r_i, and the p
value is the share of all 2^n sign patterns whose mean lies at least as far from zero (Good,
Permutation, Parametric and Bootstrap Tests of Hypotheses, 2005, section 3.2). Below six pairs it
can't fall under 2 / 2^5 = 0.0625 and says nothing.
"""

import math
from collections.abc import Sequence
from statistics import median

import numpy as np
from numpy.typing import NDArray

from bench.metrics.estimate import LEVEL, Estimate, geometric, quantile, student
from bench.record.pairs import ProcessPair

QUIET = 0.15
"""Processors that other processes may keep busy during a burst that counts as quiet."""
ENOUGH = 4
FEWEST_SIGNED = 6
MOST_EXACT = 16
"""Pairs up to which all sign patterns are counted: 2^16 means of 16."""
DRAWS = 20_000


def log_ratio(pair: ProcessPair) -> float:
    """Log ratio of candidate over baseline: the median over quiet rounds and ranks."""
    return median(
        math.log(c / b)
        for r in quiet_rounds(pair)
        for c, b in zip(sorted(pair.candidate_ns[r]), sorted(pair.baseline_ns[r]), strict=True)
    )


def quiet_rounds(pair: ProcessPair) -> list[int]:
    """Numbers of the rounds that count; all where the use by other processes was not read."""
    rounds = range(len(pair.baseline_ns))
    if len(pair.foreign) != 2 * len(rounds):
        return list(rounds)
    worst = [max(pair.foreign[2 * r : 2 * r + 2]) for r in rounds]
    quiet = [r for r in rounds if worst[r] <= QUIET]
    if len(quiet) >= ENOUGH:
        return quiet
    bound = sorted(worst)[(len(rounds) - 1) // 2]
    return [r for r in rounds if worst[r] <= bound]


def log_ratios(pairs: Sequence[ProcessPair]) -> tuple[float, ...]:
    """Log ratio of each pair, in order."""
    return tuple(log_ratio(pair) for pair in pairs)


def interval(logs: Sequence[float]) -> Estimate:
    """Ratio of candidate to baseline with its t interval over pairs; at least one pair."""
    return geometric(np.asarray(logs, np.float64))


def draw_gates(logs: Sequence[float], pairs: int, count: int, seed: int) -> NDArray[np.float64]:
    """Log ratios of gates of two looks, (count, 2, pairs), without replacement within a gate.

    Raises:
        ValueError: the pool is smaller than one gate.
    """
    if len(logs) < 2 * pairs:
        raise ValueError(f"{len(logs)} pairs are fewer than two looks at {pairs}")
    rng = np.random.default_rng(seed)
    order = rng.random((count, len(logs))).argsort(axis=1)[:, : 2 * pairs]
    return np.asarray(logs, np.float64)[order].reshape(count, 2, pairs)


def low_ends(draws: NDArray[np.float64]) -> NDArray[np.float64]:
    """Lower end of the ratio's interval, (...), of log ratios (..., pairs)."""
    n = draws.shape[-1]
    half = student(n - 1) * draws.std(axis=-1, ddof=1) / math.sqrt(n)
    ends: NDArray[np.float64] = np.exp(draws.mean(axis=-1) - half)
    return ends


def sign_flip_p(logs: Sequence[float]) -> float | None:
    """Two-sided p of "no difference"; exact up to 16 pairs; None with fewer than six."""
    n = len(logs)
    if n < FEWEST_SIGNED:
        return None
    values = np.asarray(logs, np.float64)
    exact = n <= MOST_EXACT
    if exact:
        bits = (np.arange(1 << n)[:, None] >> np.arange(n)) & 1
    else:
        bits = np.random.default_rng(0).integers(0, 2, (DRAWS, n))
    means = np.abs((1 - 2 * bits) @ values)
    # What is equal but for rounding counts as equal.
    as_far = int((means >= abs(values.sum()) * (1 - 1e-12)).sum())
    return as_far / len(bits) if exact else (as_far + 1) / (DRAWS + 1)


def smallest_change(logs: Sequence[float], threshold: float = 1.0, power: float = 0.8) -> float:
    """Smallest slow-down, a ratio, whose interval lies beyond the threshold with this power.

    threshold * exp((t(0.975, n - 1) + t(power, n - 1)) * sd / sqrt(n)): the usual approximation of
    the noncentral t distribution (Cohen, Statistical Power Analysis, 1988, section 2.4).
    """
    n = len(logs)
    if n < 2:
        return math.inf
    return threshold * math.exp(reach(float(np.std(logs, ddof=1)), n, power))


def reach(spread: float, pairs: int, power: float) -> float:
    """Log ratio beyond the threshold that so many pairs of this standard deviation show."""
    return (student(pairs - 1) + quantile(power, pairs - 1)) * spread / math.sqrt(pairs)


def clopper_pearson(hits: float, of: float, level: float = LEVEL) -> tuple[float, float]:
    """Low and high end of a share's exact binomial interval (Clopper & Pearson, Biometrika, 1934).

    Hits need not be whole: a share that overlapping draws estimated is held against the number of
    independent units behind it.
    """
    from scipy.special import betaincinv

    tail = (1 - level) / 2
    if of <= 0:
        return 0.0, 1.0
    low = 0.0 if hits <= 0 else float(betaincinv(hits, of - hits + 1, tail))
    high = 1.0 if hits >= of else float(betaincinv(hits + 1, of - hits, 1 - tail))
    return low, high
