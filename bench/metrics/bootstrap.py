"""The studentized bootstrap of paired differences of IoU, of all resamples at once.

Units (images, or groups of them) are drawn with replacement, the same ones for both variants. In
each resample the difference is divided by its own standard error; the 95 % quantile of the absolute
quotient takes the place of Student's (the symmetric bootstrap-t: Hall, Annals of Statistics 16, 1988;
Efron & Tibshirani, An Introduction to the Bootstrap, 1993, chapter 12).

The standard error is that of the influence function (the same book, chapter 21). With w_i the times
that unit i was drawn, H and U the resample's sums of intersection h and union u, and IoU = H / U,

    z_i = (h_i - IoU u_i) / U          of one variant and class; a difference's is a's minus b's,
    error^2 = N / (N - 1) * sum_i w_i z_i^2

so that everything is a product of the weights, (resamples, units), with sums over units.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from bench.metrics.overlap import mean, ratio

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Parts = tuple[NDArray[np.int64], NDArray[np.int64]]
    """Intersection and union, int64 (units, K)."""

RESAMPLES = 2000
SEED = 0
"""One seed for all: every difference of a set of images is judged by the same resamples."""
NOTHING = 1e-6
"""Share of the set's standard error below which a resample's is rounding."""
ENOUGH = 200
"""Resamples with a spread of their own, below which the quantile isn't trusted."""


@dataclass(frozen=True)
class Studentized:
    """Differences with what their intervals are made of, (K,) each; NaN where absent."""

    value: NDArray[np.float64]
    error: NDArray[np.float64]
    """Standard error."""
    critical: NDArray[np.float64]
    """95 % quantile of |difference - value| / error over the resamples; NaN where too few tell."""


def studentized(a: Parts, b: Parts, level: float) -> tuple[Studentized, Studentized]:
    """Differences a minus b of K classes, (K,), and of their mean, (1,)."""
    units = len(a[0])
    weights = _weights(units)
    # In this basis nothing cancels where the variants are nearly alike, and all is 0 where they are.
    basis = np.stack([a[0], a[1], a[0] - b[0], a[1] - b[1]]).astype(np.float64)
    one, two = (_linear(weights, part) for part in (a, b))
    factors = np.stack([one.by_hit - two.by_hit, one.by_union - two.by_union,
                        two.by_hit, two.by_union])  # fmt: skip
    larger = units / max(units - 1, 1)
    squares = np.zeros_like(one.iou)
    for i, j in itertools.combinations_with_replacement(range(4), 2):
        twice = 1.0 if i == j else 2.0
        squares += twice * factors[i] * factors[j] * (weights @ (basis[i] * basis[j]))
    each = _judged(one.iou - two.iou, np.sqrt(np.maximum(squares, 0.0) * larger), level)
    # The mean leaves out what is nowhere, in each variant by itself.
    shares = [ratio(np.ones(len(weights)), there) for there in (one.there, two.there)]
    for_mean = np.stack([
        shares[0][:, None] * one.by_hit - shares[1][:, None] * two.by_hit,
        shares[0][:, None] * one.by_union - shares[1][:, None] * two.by_union,
        shares[1][:, None] * two.by_hit,
        shares[1][:, None] * two.by_union,
    ])
    influence = sum(f @ x.T for f, x in zip(for_mean, basis, strict=True))
    error = np.sqrt(np.einsum("bn,bn,bn->b", weights, influence, influence) * larger)
    value = mean(one.iou) - mean(two.iou)
    return each, _judged(value[:, None], error[:, None], level)


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
    by_union = -np.nan_to_num(iou) * by_hit
    return _Linear(iou, by_hit, by_union, (union > 0).sum(1).astype(np.float64))


def _judged(values: NDArray[np.float64], errors: NDArray[np.float64], level: float) -> Studentized:
    """From values and errors, (1 + resamples, K); the first row is the set itself."""
    value, error = values[0], errors[0]
    critical = np.full(len(value), np.nan)
    for k in range(len(value)):
        # A resample in which one image alone has the class says nothing about spread: its error is
        # 0 but for rounding.
        told = (errors[1:, k] > NOTHING * error[k]) & ~np.isnan(values[1:, k])
        if told.sum() >= ENOUGH:
            quotients = np.abs(values[1:, k] - value[k])[told] / errors[1:, k][told]
            critical[k] = np.quantile(quotients, level)
    return Studentized(value, error, critical)


@lru_cache(maxsize=2)
def _weights(units: int) -> NDArray[np.float64]:
    """Times that each unit was drawn, float64 (1 + RESAMPLES, units); the first row is all ones."""
    drawn = np.random.default_rng(SEED).integers(units, size=(RESAMPLES, units))
    drawn += units * np.arange(RESAMPLES)[:, None]
    times = np.bincount(drawn.ravel(), minlength=RESAMPLES * units).reshape(RESAMPLES, units)
    weights = np.concatenate([np.ones((1, units)), times])
    weights.flags.writeable = False
    return weights
