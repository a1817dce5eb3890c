"""The studentized bootstrap of paired differences of ratios, of all resamples at once.

Units (images, or groups of them) are drawn with replacement, the same ones for both variants. In
each resample the difference is divided by its own standard error; the 95 % quantile of the absolute
quotient takes the place of Student's (the symmetric bootstrap-t: Hall, Annals of Statistics 16, 1988;
Efron & Tibshirani, An Introduction to the Bootstrap, 1993, chapter 12).

The standard error is that of the influence function (the same book, chapter 21). With w_i the times
that unit i was drawn, H and U the resample's sums of numerator h and denominator u, and R = H / U (of
IoU: intersection and union),

    z_i = (h_i - R u_i) / U            of one variant and class; a difference's is a's minus b's,
    error^2 = N / (N - 1) * sum_i w_i z_i^2

so that everything is a product of the weights, (resamples, units), with sums over units.
"""

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bench.tasks.base import mean, ratio

Parts = tuple[NDArray[Any], NDArray[Any]]
"""Numerator and denominator, int64 or float64 (units, K)."""

Resampled = tuple[NDArray[np.float64], NDArray[np.float64]]
"""Differences and their squared errors, (resamples, K)."""

RESAMPLES = 2000
BLOCK = 512
"""Resamples at a time, so that what is between stays in the processor's cache."""
SEED = 0
"""One seed for all: every difference of a set of images is judged by the same resamples."""
NOTHING = 1e-6
"""Share of the set's standard error below which a resample's is rounding."""
ENOUGH = 200
"""Resamples with a spread of their own, below which the quantile isn't trusted."""
KEPT = 31 << 20
"""Bytes that are asked for and given back once: glibc then keeps smaller blocks for the next resamples
instead of returning them to the system each time, which took half of the time (mallopt(3))."""


@dataclass(frozen=True)
class Studentized:
    """Differences with what their intervals are made of, (K,) each; NaN where absent."""

    value: NDArray[np.float64]
    error: NDArray[np.float64]
    """Standard error."""
    critical: NDArray[np.float64]
    """95 % quantile of |difference - value| / error over the resamples; NaN where too few tell."""


def each_difference(a: Parts, b: Parts, level: float) -> Studentized:
    """Differences a minus b of K classes, (K,)."""
    if np.array_equal(a, b):
        return _nothing(ratio(*(x.sum(0).astype(np.float64) for x in a)))
    # In this basis nothing cancels where the variants are nearly alike, and all is 0 where they are.
    basis = np.stack([a[0], a[1], a[0] - b[0], a[1] - b[1]]).astype(np.float64)
    ways = list(itertools.combinations_with_replacement(range(4), 2))
    products = [basis[i] * basis[j] for i, j in ways]

    def block(weights: NDArray[np.float64]) -> Resampled:
        one, two = _linear(weights, a), _linear(weights, b)
        factors = (one.by_hit - two.by_hit, one.by_union - two.by_union, two.by_hit, two.by_union)
        squares = np.zeros_like(one.score)
        for (i, j), product in zip(ways, products, strict=True):
            term = factors[i] * factors[j]
            term *= weights @ product
            squares += term if i == j else 2.0 * term
        values = np.where(one.there & two.there, one.score - two.score, np.nan)
        return values, np.maximum(squares, 0.0)

    return _judged(block, len(a[0]), level)


def mean_difference(a: Parts, b: Parts, level: float) -> Studentized:
    """Difference a minus b of the classes' means, (1,); each mean leaves out what is nowhere."""
    if np.array_equal(a, b):
        return _nothing(mean(ratio(*(x.sum(0).astype(np.float64) for x in a)))[None])
    basis = [x.astype(np.float64).T for x in (a[0], a[1], a[0] - b[0], a[1] - b[1])]

    def block(weights: NDArray[np.float64]) -> Resampled:
        one, two = _linear(weights, a), _linear(weights, b)
        counts = [x.there @ np.ones((x.there.shape[1], 1)) for x in (one, two)]
        first, second = (ratio(np.ones_like(n), n) for n in counts)
        hits, unions = second * two.by_hit, second * two.by_union
        influence = (
            (first * one.by_hit - hits) @ basis[0]
            + (first * one.by_union - unions) @ basis[1]
            + hits @ basis[2]
            + unions @ basis[3]
        )
        squares = np.einsum("bn,bn,bn->b", weights, influence, influence)
        means = (ratio(x.score.sum(1)[:, None], n) for x, n in zip((one, two), counts, strict=True))
        return next(means) - next(means), squares[:, None]

    return _judged(block, len(a[0]), level)


def _nothing(scores: NDArray[np.float64]) -> Studentized:
    """What all resamples of equal counts say, (K,): no difference, without scatter."""
    return Studentized(scores - scores, np.zeros_like(scores), np.full(scores.shape, np.nan))


class _Linear(NamedTuple):
    """One variant in every resample: scores and the influence's factors, (resamples, K)."""

    score: NDArray[np.float64]
    """0 where the resample lacks the class, as both factors."""
    by_hit: NDArray[np.float64]
    by_union: NDArray[np.float64]
    there: NDArray[np.bool_]


def _linear(weights: NDArray[np.float64], part: Parts) -> _Linear:
    hit, union = (weights @ p.astype(np.float64) for p in part)
    there = union > 0
    safe = union + ~there  # nothing is divided by 0, which is faster than to leave it out
    score, by_hit = hit / safe, there / safe
    return _Linear(score, by_hit, -score * by_hit, there)


def _judged(
    block: Callable[[NDArray[np.float64]], Resampled], units: int, level: float
) -> Studentized:
    """From what `block` gives for some of the resamples; the first of all is the set itself."""
    weights = _weights(units)
    found = [block(weights[i : i + BLOCK]) for i in range(0, len(weights), BLOCK)]
    values, squares = (np.concatenate(part) for part in zip(*found, strict=True))
    errors = np.sqrt(squares * (units / max(units - 1, 1)))
    value, error = values[0], errors[0]
    # A resample in which one image alone has the class says nothing about spread: its error is
    # 0 but for rounding.
    told = (errors[1:] > NOTHING * error) & ~np.isnan(values[1:])
    enough = told.sum(0) >= ENOUGH
    critical = np.full(len(value), np.nan)
    quotients = np.abs(values[1:] - value) / np.where(told, errors[1:], np.nan)
    whole = enough & told.all(0)
    critical[whole] = np.quantile(np.ascontiguousarray(quotients.T[whole]), level, axis=1)
    for k in np.flatnonzero(enough & ~whole):
        critical[k] = np.quantile(quotients[told[:, k], k], level)
    return Studentized(value, error, critical)


@lru_cache(maxsize=2)
def _weights(units: int) -> NDArray[np.float64]:
    """Times that each unit was drawn, float64 (1 + RESAMPLES, units); the first row is all ones."""
    np.empty(KEPT, np.uint8)
    drawn = np.random.default_rng(SEED).integers(units, size=(RESAMPLES, units))
    drawn += units * np.arange(RESAMPLES)[:, None]
    times = np.bincount(drawn.ravel(), minlength=RESAMPLES * units).reshape(RESAMPLES, units)
    weights = np.concatenate([np.ones((1, units)), times])
    weights.flags.writeable = False
    return weights
