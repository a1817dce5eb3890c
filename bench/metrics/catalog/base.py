"""What the leaves of the catalog share: absent numbers and the counts behind a result."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from bench.metrics.base import Metric
from bench.metrics.confusion import from_sparse
from bench.record.store import read_arrays

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from bench.record.base import ArrayFile
    from bench.record.confusion import ConfusionMeasurement
    from bench.record.result import Result
    from bench.record.store import Run

IS_REFERENCE = "this is the reference"
SEEDED = "seeded weights"


def absent(names: Iterable[str], reason: str) -> dict[str, Metric]:
    """Name -> None with the reason."""
    return {name: Metric(None, reason=reason) for name in names}


def unmeasured(result: Result) -> str:
    """Why a result lacks a measurement: `skipped: ...`, `failed: ...` or `not measured`."""
    if result.status in {"failed", "skipped"}:
        return f"{result.status}: {result.reason}" if result.reason else result.status
    return "not measured"


def counts_of(run: Run, found: ConfusionMeasurement) -> NDArray[np.int64]:
    """Counts of every image, int64 (N, C+1, C+1), read-only."""
    return counts_in(run.folder, found)


def counts_in(folder: Path, found: ConfusionMeasurement) -> NDArray[np.int64]:
    """The same from the folder of a run."""
    return _counts(folder / "cases", found.arrays, len(found.images), len(found.classes))


@lru_cache(maxsize=8)
def _counts(folder: Path, file: ArrayFile, images: int, classes: int) -> NDArray[np.int64]:
    """Kept for a few results: every variant is compared with the same reference."""
    counts = from_sparse(read_arrays(folder, file), images, classes)
    counts.flags.writeable = False
    return counts
