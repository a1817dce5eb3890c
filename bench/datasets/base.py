"""What every dataset loader offers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from bench.spec.dataset import Dataset

VOID = 255
"""Void in every array of class indices."""


class Images(Protocol):
    """An opened split: images and their labels, by position."""

    names: tuple[str, ...]
    """Unique names, in a fixed order."""
    groups: tuple[str, ...]
    """Group (city) of each image; empty where there are none."""

    def image(self, index: int) -> NDArray[np.uint8]:
        """Photograph, uint8 (H, W, 3) RGB.

        Raises:
            DatasetError: the file is missing or corrupt; it is named.
        """
        ...

    def truth(self, index: int) -> NDArray[np.uint8]:
        """Class indices, uint8 (H, W); VOID where unlabelled."""
        ...

    def instances(self, index: int) -> NDArray[np.int32] | None:
        """Instance ids, int32 (H, W), `class index * 1000 + n + 1000` where there is an instance of
        an evaluated class with instances, 0 elsewhere; None if the set has none."""
        ...

    def files(self, index: int) -> tuple[Path, ...]:
        """Files behind one image, for the content digest."""
        ...


class DatasetLoader(Protocol):
    """Makes or checks a set, then opens it."""

    def plan_digest(self, spec: Dataset) -> str:
        """Digest of what determines the set, cheap, without reading images.

        Raises:
            DatasetError: the set isn't there; the message says what was looked for.
        """
        ...

    def prepare(self, spec: Dataset, cache: Path) -> None:
        """Make the set in `cache`, or check the user's copy. Idempotent."""
        ...

    def open(self, spec: Dataset, cache: Path, *, split: str | None = None) -> Images:
        """Opened split (the spec's own unless told)."""
        ...
