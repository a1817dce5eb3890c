"""Labels that differ from the reference's, over all images: tables from the counts in the record."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.record.flips import DISTANCE, DISTANCES, MARGIN, MARGINS, PAIR, FlipsMeasurement
from bench.record.store import read_arrays

VOID = 255
"""Prediction of no class."""


@dataclass(frozen=True, eq=False)
class Bins:
    """Pixels by bins of one quantity."""

    edges: tuple[float, ...]
    flips: NDArray[np.int64]
    """Pixels whose label differs, int64 (len(edges) + 1,)."""
    pixels: NDArray[np.int64]
    """All of them, int64 (len(edges) + 1,)."""

    @property
    def lows(self) -> tuple[float, ...]:
        """Least value of each bin."""
        return (0.0, *self.edges)

    def share(self, chosen: Callable[[float], bool]) -> float | None:
        """Of the pixels that differ, the share in bins whose least value is chosen; None where none differs."""
        total = int(self.flips.sum())
        inside = sum(int(n) for low, n in zip(self.lows, self.flips, strict=True) if chosen(low))
        return inside / total if total else None


@dataclass(frozen=True, eq=False)
class Tables:
    """Where and between which classes labels differ."""

    pairs: tuple[tuple[str, str, int], ...]
    """The reference's class, this one's, and pixels: most first."""
    distance: Bins
    """By the distance to the nearest boundary of the reference's labels, pixels."""
    margin: Bins
    """By the reference's margin."""


@lru_cache(maxsize=64)
def flips(folder: Path, found: FlipsMeasurement) -> Tables:
    """Tables over all images; `folder` holds the arrays."""
    arrays = {name: a.astype(np.int64) for name, a in read_arrays(folder, found.arrays).items()}
    return Tables(
        _pairs(found.classes, arrays),
        _bins(DISTANCE, DISTANCES, arrays),
        _bins(MARGIN, MARGINS, arrays),
    )


def _pairs(
    classes: tuple[str, ...], arrays: dict[str, NDArray[np.int64]]
) -> tuple[tuple[str, str, int], ...]:
    here = arrays["by"] == PAIR
    of = arrays["first"][here] << 8 | arrays["second"][here]
    sums = np.bincount(of, weights=arrays["count"][here], minlength=0).astype(np.int64)
    named = dict(enumerate(classes)) | {VOID: "no class"}
    found = [
        (named.get(k >> 8, str(k >> 8)), named.get(k & 255, str(k & 255)), int(sums[k]))
        for k in np.flatnonzero(sums).tolist()
    ]
    return tuple(sorted(found, key=lambda pair: (-pair[2], pair)))


def _bins(by: int, edges: tuple[float, ...], arrays: dict[str, NDArray[np.int64]]) -> Bins:
    here = arrays["by"] == by
    of, count = arrays["first"][here], arrays["count"][here]
    most, differs = len(edges) + 1, arrays["second"][here] == 1
    every = np.bincount(of, weights=count, minlength=most).astype(np.int64)
    flips = np.bincount(of[differs], weights=count[differs], minlength=most).astype(np.int64)
    return Bins(edges, flips, every)
