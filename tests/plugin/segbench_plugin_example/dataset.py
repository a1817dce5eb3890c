"""A data set drawn in memory: three grey stripes, one a class, and a line of void."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bench.datasets.base import VOID, DatasetLoader, Images
from bench.errors import DatasetError
from bench.suite.base import digest

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from bench.suite.dataset import Dataset

CLASSES = ("dark", "middle", "bright")
SPLITS = ("train", "val")


class Stripes(Images):
    """An opened split."""

    groups: tuple[str, ...] = ()

    def __init__(self, count: int, height: int, width: int, file: Path) -> None:
        self.names = tuple(f"stripes{i:03d}" for i in range(count))
        self._shape = (height, width)
        self._file = file

    def image(self, index: int) -> NDArray[np.uint8]:
        """Photograph, uint8 (H, W, 3) RGB: the stripes of the truth, in grey, with some noise."""
        rng = np.random.default_rng(index)
        grey = np.array([40, 128, 215], np.int16)[self._stripes(index)]
        noisy = grey[..., None] + rng.integers(-20, 21, (*self._shape, 3))
        return noisy.astype(np.uint8)

    def truth(self, index: int) -> NDArray[np.uint8]:
        """Class indices, uint8 (H, W); VOID in the first row."""
        labels = self._stripes(index)
        labels[0] = VOID
        return labels

    def instances(self, index: int) -> NDArray[np.int32] | None:
        """None: stripes have no instances."""
        del index
        return None

    def files(self, index: int) -> tuple[Path, ...]:
        """The one file that says how large the stripes are."""
        del index
        return (self._file,)

    def _stripes(self, index: int) -> NDArray[np.uint8]:
        """Stripe of each pixel, uint8 (H, W); they move with the index."""
        h, w = self._shape
        columns = (np.arange(w) + 5 * index) * len(CLASSES) // w % len(CLASSES)
        return np.broadcast_to(columns.astype(np.uint8), (h, w)).copy()


class StripesLoader(DatasetLoader):
    """Options: count, height and width."""

    def plan_digest(self, spec: Dataset) -> str:
        """Digest of the options and the split: they determine every pixel."""
        if spec.split not in SPLITS:
            raise DatasetError(
                f"The data set {spec.name!r} has no split {spec.split!r}.", "Ask for train or val."
            )
        return digest({"loader": "stripes", "split": spec.split, **spec.options})

    def prepare(
        self, spec: Dataset, cache: Path, *, split: str | None = None, count: int | None = None
    ) -> None:
        """Write the one file; train and val are alike, and any count costs the same."""
        del split, count
        file = self._file(spec, cache)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(self.plan_digest(spec) + "\n")

    def open(
        self, spec: Dataset, cache: Path, *, split: str | None = None, count: int | None = None
    ) -> Stripes:
        """Opened split, its first `count` images."""
        file = self._file(spec, cache)
        if not file.is_file():
            self.prepare(spec, cache, split=split, count=count)
        total, height, width = (int(spec.options.get(k, d)) for k, d in _DEFAULTS.items())
        return Stripes(total if count is None else min(count, total), height, width, file)

    def _file(self, spec: Dataset, cache: Path) -> Path:
        return cache / "stripes" / f"{self.plan_digest(spec)[:16]}.txt"


_DEFAULTS = {"count": 4, "height": 32, "width": 64}
