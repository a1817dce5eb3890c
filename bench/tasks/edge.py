"""Counts of the pixels near the image's edge, where padding and windows show first."""

import numpy as np
from numpy.typing import NDArray

WIDTH = 32
"""Pixels from the edge."""


def count(
    truth: NDArray[np.uint8], prediction: NDArray[np.uint8], classes: int
) -> dict[str, NDArray[np.uint32]]:
    """Entries of an image, one a class that is there: `class_index`, `intersection`, `union`, uint32."""
    near = np.ones(truth.shape, np.bool_)
    near[WIDTH:-WIDTH, WIDTH:-WIDTH] = False
    near &= truth < classes
    own, other = truth[near], prediction[near]
    shared = np.bincount(own[own == other], minlength=classes)
    both = np.bincount(own, minlength=classes)
    both += np.bincount(other[other < classes], minlength=classes)
    there = np.flatnonzero(both)
    found = {
        "class_index": there,
        "intersection": shared[there],
        "union": (both - shared)[there],
    }
    return {k: v.astype(np.uint32) for k, v in found.items()}
