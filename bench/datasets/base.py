"""What every dataset loader offers."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Protocol

from bench.resources import read_bytes
from bench.segments import VOID

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from bench.segments import Segments
    from bench.suite.dataset import Dataset

__all__ = ["VOID", "DatasetLoader", "Images", "content_digest"]


class Images(Protocol):
    """An opened split: images and their labels, by position."""

    names: tuple[str, ...]
    """Unique names, in a fixed order."""
    groups: tuple[str, ...]
    """Group (city) of each image; empty where there are none."""
    set_aside: tuple[str, ...] = ()
    """Names of images of the split that calibrate quantizers and are not among `names`."""

    def image(self, index: int) -> NDArray[np.uint8]:
        """Photograph, uint8 (H, W, 3) RGB.

        Raises:
            DatasetError: the file is missing or corrupt; it is named.
        """
        ...

    def truth(self, index: int) -> NDArray[np.uint8]:
        """Class indices, uint8 (H, W); VOID where unlabelled.

        Raises:
            DatasetError: the file is missing or corrupt, or holds a value that means nothing.
        """
        ...

    def instances(self, index: int) -> NDArray[np.int32] | None:  # noqa: ARG002 - the leaves'
        """Instance ids, int32 (H, W); None if the set has none.

        An id is `class index * 1000 + n + 1000` where there is an instance of an evaluated class
        with instances, and 0 elsewhere.
        """
        return None

    def segments(self, index: int) -> Segments | None:  # noqa: ARG002 - the leaves'
        """Panoptic ground truth of the set's classes; None if the set has none."""
        return None

    def files(self, index: int) -> tuple[Path, ...]:
        """Files behind one image, for the content digest."""
        ...

    def segment_files(self, index: int) -> tuple[Path, ...]:  # noqa: ARG002 - the leaves'
        """Further files, which `segments` alone reads."""
        return ()


class DatasetLoader(Protocol):
    """Makes or checks a set, then opens it."""

    def plan_digest(self, spec: Dataset) -> str:
        """Digest of what determines the set, cheap, without reading images.

        Raises:
            DatasetError: the set isn't there; the message says what was looked for.
        """
        ...

    def prepare(
        self, spec: Dataset, cache: Path, *, split: str | None = None, count: int | None = None
    ) -> None:
        """Make a split in `cache`, or check the user's copy. Idempotent.

        Args:
            spec: the set.
            cache: folder that made sets lie in.
            split: the spec's own unless told (calibration reads another).
            count: the first so many images; None = all that the spec names.
        """
        ...

    def open(
        self, spec: Dataset, cache: Path, *, split: str | None = None, count: int | None = None
    ) -> Images:
        """Opened split, its first `count` images; a made set is made first where it is missing."""
        ...


def content_digest(images: Images, count: int | None = None, *, segments: bool = False) -> str:
    """sha256, hexadecimal, over names and files of the first `count` images (None = all).

    Args:
        images: opened split.
        count: images.
        segments: with the files that only `segments` reads.
    """
    total = hashlib.sha256()
    for index, name in enumerate(images.names[:count]):
        total.update(name.encode())
        for path in images.files(index) + (images.segment_files(index) if segments else ()):
            total.update(hashlib.sha256(read_bytes(path)).digest())
    return total.hexdigest()
