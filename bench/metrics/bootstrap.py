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

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.tasks.base import mean, ratio

Parts = tuple[NDArray[Any], NDArray[Any]]
"""Numerator and denominator, int64 or float64 (units, K)."""

RESAMPLES = 2000
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
    weights = _weights(len(a[0]))
    one, two = _linear(weights, a), _linear(weights, b)
    # In this basis nothing cancels where the variants are nearly alike, and all is 0 where they are.
    basis = np.stack([a[0], a[1], a[0] - b[0], a[1] - b[1]]).astype(np.float64)
    factors = (one.by_hit - two.by_hit, one.by_union - two.by_union, two.by_hit, two.by_union)
    ways = list(itertools.combinations_with_replacement(range(4), 2))
    sums = weights @ np.concatenate([basis[i] * basis[j] for i, j in ways], axis=1)
    squares = np.zeros_like(one.iou)
    for (i, j), summed in zip(ways, np.split(sums, len(ways), axis=1), strict=True):
        squares += (1.0 if i == j else 2.0) * factors[i] * factors[j] * summed
    return _judged(one.iou - two.iou, np.maximum(squares, 0.0), len(a[0]), level)


def mean_difference(a: Parts, b: Parts, level: float) -> Studentized:
    """Difference a minus b of the classes' means, (1,); each mean leaves out what is nowhere."""
    if np.array_equal(a, b):
        return _nothing(mean(ratio(*(x.sum(0).astype(np.float64) for x in a)))[None])
    weights = _weights(len(a[0]))
    one, two = _linear(weights, a), _linear(weights, b)
    first, second = (ratio(np.ones(len(weights)), x.there)[:, None] for x in (one, two))
    influence = (
        (first * one.by_hit - second * two.by_hit) @ a[0].astype(np.float64).T
        + (first * one.by_union - second * two.by_union) @ a[1].astype(np.float64).T
        + (second * two.by_hit) @ (a[0] - b[0]).astype(np.float64).T
        + (second * two.by_union) @ (a[1] - b[1]).astype(np.float64).T
    )
    squares = np.einsum("bn,bn,bn->b", weights, influence, influence)
    values = mean(one.iou) - mean(two.iou)
    return _judged(values[:, None], squares[:, None], len(a[0]), level)


def _nothing(scores: NDArray[np.float64]) -> Studentized:
    """What all resamples of equal counts say, (K,): no difference, without scatter."""
    return Studentized(scores - scores, np.zeros_like(scores), np.full(scores.shape, np.nan))


@dataclass(frozen=True)
class _Linear:
    """One variant in every resample: IoU and the influence's factors, (resamples, K)."""

    iou: NDArray[np.float64]
    by_hit: NDArray[np.float64]
    by_union: NDArray[np.float64]
    there: NDArray[np.float64]
    """Classes that the resample has, (resamples,)."""


def _linear(weights: NDArray[np.float64], part: Parts) -> _Linear:
    hit, union = (weights @ p.astype(np.float64) for p in part)
    iou = ratio(hit, union)
    by_hit = np.divide(1.0, union, out=np.zeros_like(union), where=union > 0)
    there = union > 0
    by_union = -np.where(there, iou, 0.0) * by_hit
    return _Linear(iou, by_hit, by_union, there.sum(1).astype(np.float64))


def _judged(
    values: NDArray[np.float64], squares: NDArray[np.float64], units: int, level: float
) -> Studentized:
    """From values and squared errors, (1 + resamples, K); the first row is the set itself."""
    errors = np.sqrt(squares * (units / max(units - 1, 1)))
    value, error = values[0], errors[0]
    # A resample in which one image alone has the class says nothing about spread: its error is
    # 0 but for rounding.
    told = (errors[1:] > NOTHING * error) & ~np.isnan(values[1:])
    enough = told.sum(0) >= ENOUGH
    critical = np.full(len(value), np.nan)
    quotients = np.abs(values[1:] - value) / np.where(told, errors[1:], np.nan)
    whole = enough & told.all(0)
    critical[whole] = np.quantile(quotients[:, whole], level, axis=0)
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
