"""Labels that differ from the reference's, counted by class pair, distance to a boundary, and margin."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from bench.record.flips import DISTANCE, DISTANCES, MARGIN, MARGINS, PAIR

Cells = NDArray[np.uint32]
"""Cells of one image, (n, 4): by, first, second, count."""
_CROSS = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))


def count(
    want: NDArray[np.uint8], found: NDArray[np.uint8], margin: NDArray[np.float32] | None
) -> Cells:
    """Cells of an image from the reference's labels and its own, (H, W), and the reference's `margin` of its map."""
    differs = want != found
    pairs = np.bincount(want[differs].astype(np.int64) << 8 | found[differs], minlength=0)
    there = np.flatnonzero(pairs)
    cells = [np.stack((np.full_like(there, PAIR), there >> 8, there & 255, pairs[there]), 1)]
    cells.append(_binned(DISTANCE, distances(want), differs, len(DISTANCES) + 1))
    if margin is not None:
        size = want.shape[1], want.shape[0]
        near = cv2.resize(_bins(margin, MARGINS), size, interpolation=cv2.INTER_NEAREST)
        cells.append(_binned(MARGIN, np.asarray(near), differs, len(MARGINS) + 1))
    return np.concatenate(cells).astype(np.uint32)


def distances(labels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Bin of each pixel's distance to the nearest boundary of a label map, uint8 (H, W)."""
    inside = (cv2.dilate(labels, _CROSS) == cv2.erode(labels, _CROSS)).view(np.uint8)
    if inside.all():
        return np.full(labels.shape, len(DISTANCES), np.uint8)
    return _bins(np.asarray(cv2.distanceTransform(inside, cv2.DIST_L2, 5)), DISTANCES)


def margin_of(class_map: NDArray[np.float32]) -> NDArray[np.float32] | None:
    """Largest less second largest value of a class map, float32 (h, w); None where it has one class only."""
    if len(class_map) < 2:
        return None
    first, second = class_map[0].copy(), np.full(class_map.shape[1:], -np.inf, np.float32)
    less = np.empty_like(first)
    with np.errstate(invalid="ignore"):  # of a broken reference
        for values in class_map[1:]:
            np.minimum(first, values, out=less)
            np.maximum(second, less, out=second)
            np.maximum(first, values, out=first)
        return np.asarray(first - second)


def arrays(images: Sequence[Cells | None]) -> dict[str, NDArray[np.uint32]]:
    """Cells of all images, one after the other; None = the reference didn't reach the image."""
    there = [(i, cells) for i, cells in enumerate(images) if cells is not None]
    table = np.concatenate([np.zeros((0, 4), np.uint32), *(cells for _, cells in there)])
    image = np.repeat([i for i, _ in there], [len(cells) for _, cells in there])
    named = zip(("by", "first", "second", "count"), table.T, strict=True)
    return {"image": image.astype(np.uint32), **{n: np.ascontiguousarray(c) for n, c in named}}


def _bins(values: NDArray[np.float32], edges: Sequence[float]) -> NDArray[np.uint8]:
    """Number of edges that each value reaches, uint8."""
    found = np.zeros(values.shape, np.uint8)
    for edge in edges:
        np.add(found, (values >= edge).view(np.uint8), out=found)
    return found


def _binned(
    by: int, bins: NDArray[np.uint8], differs: NDArray[np.bool_], most: int
) -> NDArray[np.int64]:
    every = cv2.calcHist([bins], [0], None, [most], [0, most]).ravel().astype(np.int64)
    flips = np.bincount(bins[differs], minlength=most)
    second = np.repeat((0, 1), most)
    counts = np.concatenate((every - flips, flips))
    rows = np.stack((np.full(2 * most, by), np.tile(np.arange(most), 2), second, counts), 1)
    return rows[counts > 0]
