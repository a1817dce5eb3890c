"""Which images a quantizer sees: spread over a split, listed, and none of those that are judged."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench import registry
from bench.datasets.base import Images
from bench.errors import DatasetError
from bench.resources import read_bytes
from bench.suite.dataset import Dataset
from bench.suite.variant import CalibrationSet

ALIKE = 8.0
"""Mean difference, of 255, below which two pictures of one name are one picture, stored twice."""


@dataclass(frozen=True)
class Chosen:
    """Images of a calibration set, by position in the opened split."""

    images: Images
    ranges: tuple[int, ...]
    """Those that give the ranges of activations."""
    validation: tuple[int, ...]
    """Those that judge the artifact while it is made."""

    def names(self, indices: Iterable[int]) -> tuple[str, ...]:
        """Names of images, in order."""
        return tuple(self.images.names[i] for i in indices)

    @property
    def digest(self) -> str:
        """sha256, hexadecimal, over the names and files of all of them."""
        total = hashlib.sha256()
        for i in (*self.ranges, *self.validation):
            total.update(self.images.names[i].encode())
            total.update(_content(self.images.files(i)[0]))
        return total.hexdigest()


def choose(dataset: Dataset, cache: Path, asked: CalibrationSet) -> Chosen:
    """Images of the calibration split: of a set that is painted the first, else spread over the names.

    Raises:
        DatasetError: the set has no such split.
    """
    loader, total = registry.load("dataset", dataset.loader)(), asked.images + asked.validation
    images = loader.open(dataset, cache, split=asked.split, count=total if loader.paints else None)
    spread = _middles(len(images.names), total)
    held = {spread[i] for i in _middles(len(spread), asked.validation)}
    return Chosen(images, tuple(i for i in spread if i not in held), tuple(sorted(held)))


def refuse_overlap(chosen: Chosen, judged: Images, dataset: Dataset) -> None:
    """Refuse a calibration image that is judged, too.

    Raises:
        DatasetError: two files hold the same bytes, or two of one name nearly the same picture.
    """
    at = {name: i for i, name in enumerate(judged.names)}
    by_size: dict[int, list[Path]] = {}
    for path in (judged.files(i)[0] for i in range(len(judged.names))):
        by_size.setdefault(path.stat().st_size, []).append(path)
    for i in (*chosen.ranges, *chosen.validation):
        path, name = chosen.images.files(i)[0], chosen.images.names[i]
        twins = by_size.get(path.stat().st_size, [])
        twin = next((t for t in twins if _content(t) == _content(path)), None)
        if twin is None and name in at and _alike(chosen.images, i, judged, at[name]):
            twin = judged.files(at[name])[0]
        if twin is not None:
            raise DatasetError(
                f"Data set {dataset.name!r}: the calibration image {path} is also judged, as {twin}.",
                "Take it out of one of the two splits.",
            )


def _middles(there: int, count: int) -> tuple[int, ...]:
    """Positions of so many of `there` things: the middles of equal stretches; all where there are fewer."""
    if count >= there:
        return tuple(range(there))
    return tuple((2 * k + 1) * there // (2 * count) for k in range(count))


def _alike(one: Images, i: int, other: Images, k: int) -> bool:
    a, b = one.image(i), other.image(k)
    return a.shape == b.shape and float(np.abs(a.astype(np.float64) - b).mean()) < ALIKE * _unit(a)


def _unit(image: NDArray[Any]) -> float:
    """A 255th of the values' range."""
    return (
        np.iinfo(image.dtype).max / 255 if image.dtype.kind == "u" else float(np.ptp(image)) / 255
    )


def _content(path: Path) -> bytes:
    return hashlib.sha256(read_bytes(path)).digest()
