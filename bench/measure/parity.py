"""Comparison with the reference's outputs, image by image, as raw sums."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.measure.flips import Cells, count, margin_of
from bench.record.parity import OutputSums, ParityMeasurement
from bench.tasks.base import Task
from bench.transforms.labels import class_map

Sums = tuple[float, float, float, int]
"""Squared error, squared reference, largest error, non-finite values."""


def write_reference(
    task: Task, folder: Path, index: int, found: Any, outputs: Mapping[str, NDArray[Any]] | None
) -> None:
    """Store a prediction, and raw outputs with their combined map where given."""
    task.write(folder / f"labels-{index:05d}", found)
    if outputs is not None:
        for name, array in with_map(outputs).items():
            np.save(folder / f"outputs-{index:05d}.{name}.npy", array, allow_pickle=False)


def with_map(outputs: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Outputs, and `map`: the combined class map, float32 (C, h, w); empty for labels."""
    return {} if not outputs or "labels" in outputs else {**outputs, "map": class_map(outputs)}


@dataclass(frozen=True)
class Compared:
    """One image beside the reference's."""

    index: int
    equal: int
    """Pixels on which the task's predictions agree."""
    total: int
    sums: dict[str, Sums]
    """Output -> `sums_of`."""
    flips: Cells | None = None
    """Labels that differ, where they were counted."""


def compare(
    task: Task,
    folder: Path,
    index: int,
    found: Any,
    outputs: Mapping[str, NDArray[Any]] | None,
    *,
    flips: bool = False,
) -> Compared | None:
    """A prediction, and raw outputs where given, beside the reference's; None where it has no such image.

    `flips` = count the labels that differ, too.
    """
    expected = task.read(folder / f"labels-{index:05d}")
    if expected is None:
        return None
    sums: dict[str, Sums] = {}
    margin = None
    for name, array in with_map(outputs or {}).items():
        stored = folder / f"outputs-{index:05d}.{name}.npy"
        want = np.load(stored, allow_pickle=False) if stored.is_file() else None
        # A model with fewer queries has fewer rows, and the same combined map.
        if want is not None and want.shape == array.shape:
            sums[name] = sums_of(array, want)
        if flips and name == "map" and want is not None:
            margin = margin_of(want)
    same = task.agree(expected, found)
    cells = count(task.labels(expected), task.labels(found), margin) if flips else None
    return Compared(index, int(np.count_nonzero(same)), int(same.size), sums, cells)


def measurement(
    reference: str, names: Sequence[str], compared: Sequence[Compared]
) -> ParityMeasurement:
    """Raw sums of images in order."""
    rows: dict[str, list[Sums]] = {}
    for image in compared:
        for name, sums in image.sums.items():
            rows.setdefault(name, []).append(sums)
    return ParityMeasurement(
        reference=reference,
        images=tuple(names[c.index] for c in compared),
        equal=tuple(c.equal for c in compared),
        total=tuple(c.total for c in compared),
        outputs={name: packed(found) for name, found in rows.items()},
    )


def packed(rows: Sequence[Sums]) -> OutputSums:
    """Sums of several images as one record."""
    return OutputSums(**dict(zip(OutputSums.by_image, zip(*rows, strict=True), strict=True)))


def sums_of(found: NDArray[Any], want: NDArray[Any]) -> Sums:
    """Squared error, squared reference, largest error, non-finite values; float64 sums."""
    a, b = found.astype(np.float64).ravel(), want.astype(np.float64).ravel()
    bad = int(a.size - np.count_nonzero(np.isfinite(a)))
    good = np.isfinite(a) & np.isfinite(b)
    if not good.all():
        a, b = a[good], b[good]
    difference = a - b
    largest = float(np.abs(difference).max()) if difference.size else 0.0
    return float(difference @ difference), float(b @ b), largest, bad
