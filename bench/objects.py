"""Objects of an image, each with a mask of its own; masks may overlap.

Ground truth and detections share this type: data sets and post-processing rules make it, tasks
compare it. Masks are run lengths in COCO's compressed form, which pycocotools writes and reads.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.errors import Unsupported
from bench.segments import VOID, Segments

NEEDS = "pycocotools"
"""Distribution that the masks need."""


@dataclass(frozen=True, eq=False)
class Objects:
    """Objects of one image."""

    size: tuple[int, int]
    """Height and width of the image."""
    masks: tuple[bytes, ...]
    """Run lengths of each mask, as in `counts` of COCO's compressed form."""
    classes: NDArray[np.int32]
    """Class index of each, int32 (N,)."""
    scores: NDArray[np.float32]
    """Confidence of a detection, float32 (N,); 1 in ground truth."""
    areas: NDArray[np.float64]
    """Pixels of each mask, or what its annotation says, float64 (N,)."""
    crowd: NDArray[np.bool_]
    """Whether it is a region of objects that were not told apart, bool (N,); all False in detections."""

    def __len__(self) -> int:
        """Number of objects."""
        return len(self.masks)

    def at(self, which: NDArray[Any]) -> "Objects":
        """The same of some of them, by position or by a mask of them, in that order."""
        index = np.arange(len(self))[which]
        return Objects(
            self.size,
            tuple(self.masks[i] for i in index),
            *(part[index] for part in (self.classes, self.scores, self.areas, self.crowd)),
        )

    def runs(self) -> list[dict[str, Any]]:
        """What pycocotools takes: `size` and `counts` of each mask."""
        return [{"size": [*self.size], "counts": counts} for counts in self.masks]

    def mask(self, index: int) -> NDArray[np.bool_]:
        """Mask of one of them, bool (H, W)."""
        pixels: NDArray[np.bool_] = coco().decode(self.runs()[index]).view(np.bool_)
        return pixels

    def labels(self, least: float = 0.0) -> NDArray[np.uint8]:
        """Class indices, uint8 (H, W); VOID where no object of at least that score is.

        Surer objects lie on top, and of equally sure ones the smaller.
        """
        painted = np.full(self.size, VOID, np.uint8)
        for i in np.lexsort((-self.areas, self.scores)).tolist():
            if self.scores[i] >= least:
                painted[self.mask(i)] = self.classes[i]
        return painted


def coco() -> Any:
    """Module of masks of pycocotools.

    Raises:
        Unsupported: it isn't installed.
    """
    try:
        from pycocotools import mask
    except ImportError as e:
        raise Unsupported(
            f"Masks of objects need {NEEDS}, which isn't installed.",
            f"python -m pip install {NEEDS}, or the extra: 'segbench[coco]'",
        ) from e
    return mask


def encoded(mask: NDArray[np.bool_]) -> bytes:
    """Run lengths of a mask, bool (H, W)."""
    counts: bytes = coco().encode(np.asfortranarray(mask, np.uint8))["counts"]
    return counts


def objects(
    size: tuple[int, int],
    masks: Sequence[bytes],
    classes: Any,
    *,
    scores: Any = None,
    areas: Any = None,
    crowd: Any = None,
) -> Objects:
    """Objects from lists; scores of 1, areas of the masks and no crowds unless told."""
    count = len(masks)
    found = Objects(
        size,
        tuple(masks),
        np.asarray(classes, np.int32).reshape(count),
        np.asarray(np.ones(count) if scores is None else scores, np.float32),
        np.zeros(count),
        np.asarray(np.zeros(count) if crowd is None else crowd, np.bool_),
    )
    area = coco().area(found.runs()) if areas is None and count else areas
    return Objects(**{
        **vars(found),
        "areas": np.asarray(found.areas if area is None else area, np.float64),
    })


def of_segments(segments: Segments) -> Objects:
    """The segments that have a pixel, as objects."""
    there = np.bincount(segments.ids.ravel(), minlength=len(segments.classes) + 1)[1:] > 0
    masks = [encoded(segments.ids == k + 1) for k in np.flatnonzero(there).tolist()]
    size = segments.ids.shape[0], segments.ids.shape[1]
    return objects(size, masks, segments.classes[there], crowd=segments.crowd[there])
