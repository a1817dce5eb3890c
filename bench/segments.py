"""A panoptic label map: which segment each pixel belongs to, and what the segments are.

Ground truth and predictions share this type: data sets and post-processing rules make it, tasks
compare it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

VOID = 255
"""Void in every array of class indices."""


@dataclass(frozen=True, eq=False)
class Segments:
    """Segments of one image; those without a pixel are allowed and count nowhere."""

    ids: NDArray[np.int32]
    """Segment of each pixel, int32 (H, W): k in 1..S is segment k, 0 = void or unlabelled."""
    classes: NDArray[np.int32]
    """Class index of segment k at k - 1, int32 (S,)."""
    crowd: NDArray[np.bool_]
    """Whether a segment is a region of objects that were not told apart, bool (S,); all False in
    predictions."""

    def labels(self) -> NDArray[np.uint8]:
        """Class indices, uint8 (H, W); VOID where there is no segment."""
        table = np.append(np.uint8(VOID), self.classes.astype(np.uint8))
        labels: NDArray[np.uint8] = table[self.ids]
        return labels


@dataclass(frozen=True)
class PanopticOptions:
    """Settings of a panoptic post-processing rule: `rule(outputs, size, image_size, options)`.

    Names and meaning as in transformers' `post_process_panoptic_segmentation`, and in the protocol.
    """

    threshold: float
    mask_threshold: float
    overlap_mask_area_threshold: float
    label_ids_to_fuse: dict[int, str]
    """Model's class index of stuff -> name of the stuff: segments of one name become one."""
