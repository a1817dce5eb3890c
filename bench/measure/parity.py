"""Comparison with the reference's outputs, image by image, as raw sums."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bench.record.parity import OutputSums, ParityMeasurement
from bench.transforms.labels import class_map

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from bench.tasks.base import Task

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
    """Outputs, and `map`: the combined class map, float32 (C, h, w)."""
    if "labels" in outputs:
        return {}
    return {**outputs, "map": class_map(outputs)}


@dataclass(frozen=True)
class Compared:
    """One image beside the reference's."""

    index: int
    equal: int
    """Pixels on which the task's predictions agree."""
    total: int
    sums: dict[str, Sums]
    """Output -> `_sums`."""


class ParityCounter:
    """Adds up differences to a folder of reference outputs."""

    def __init__(self, folder: Path, images: int, task: Task) -> None:
        self.folder = folder
        self._task = task
        self._images = images
        self._indices: list[int] = []
        self._equal: list[int] = []
        self._total: list[int] = []
        self._sums: dict[str, list[Sums]] = {}

    def compare(
        self, index: int, found: Any, outputs: Mapping[str, NDArray[Any]]
    ) -> Compared | None:
        """One image beside the reference's; None for one that the reference didn't reach."""
        expected = self._task.read(self.folder / f"labels-{index:05d}")
        if expected is None:
            return None
        sums: dict[str, Sums] = {}
        for name, array in (with_map(outputs) if index < self._images else {}).items():
            stored = self.folder / f"outputs-{index:05d}.{name}.npy"
            if stored.is_file():
                sums[name] = _sums(array, np.load(stored, allow_pickle=False))
        same = self._task.agree(expected, found)
        return Compared(index, int(np.count_nonzero(same)), int(same.size), sums)

    def take(self, found: Compared | None) -> None:
        """Add what `compare` found, here or in another process; images come in order."""
        if found is None:
            return
        self._indices.append(found.index)
        self._equal.append(found.equal)
        self._total.append(found.total)
        for name, sums in found.sums.items():
            self._sums.setdefault(name, []).append(sums)

    def measurement(self, reference: str, names: tuple[str, ...]) -> ParityMeasurement:
        """Raw sums of all images so far."""
        outputs = {}
        for name, rows in self._sums.items():
            error, power, largest, bad = zip(*rows, strict=True)
            outputs[name] = OutputSums(
                squared_error=error,
                squared_reference=power,
                largest_error=largest,
                non_finite=bad,
            )
        return ParityMeasurement(
            reference=reference,
            images=tuple(names[i] for i in self._indices),
            equal=tuple(self._equal),
            total=tuple(self._total),
            outputs=outputs,
        )


def _sums(found: NDArray[Any], want: NDArray[Any]) -> Sums:
    """Squared error, squared reference, largest error, non-finite values; float64 sums."""
    a, b = found.astype(np.float64).ravel(), want.astype(np.float64).ravel()
    bad = int(a.size - np.count_nonzero(np.isfinite(a)))
    good = np.isfinite(a) & np.isfinite(b)
    if not good.all():
        a, b = a[good], b[good]
    difference = a - b
    largest = float(np.abs(difference).max()) if difference.size else 0.0
    return float(difference @ difference), float(b @ b), largest, bad
