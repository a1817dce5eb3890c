"""Labels of a mask classifier at a multiple of its masks' size: only where they are in doubt is the map computed.

A *cell* is the square between four neighbouring points of the masks. The logit of a query is bilinear
in it, so the sigmoid of the logit lies between the least and the largest of the four corners', and the
sum of a class between the sums of those. Where the least possible sum of one class is larger than the
largest possible sum of every other class, the whole cell has that label. All other cells, most of them
at the edges of objects, are computed point by point: the labels are those of the full map.
"""

from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
from numpy.typing import NDArray

from bench.transforms import strips

Array = NDArray[np.float32]


def apply(masks: Array, size: tuple[int, int]) -> bool:
    """Whether `labels` takes these mask logits, (Q, h, w): finite, and a divisor of the size."""
    factors = [(a // b, a % b) for a, b in zip(size, masks.shape[1:], strict=True)]
    whole = all(f > 1 and rest == 0 for f, rest in factors)
    return whole and bool(np.isfinite(masks).all())


def labels(weights: Array, masks: Array, size: tuple[int, int]) -> NDArray[np.uint8]:
    """Class indices, uint8 (H, W) = size, of probabilities, (C, Q), times masks, given as logits (Q, h, w).

    Runs in as many threads as OpenCV has.
    """
    queries, height, width = masks.shape
    factors = size[0] // height, size[1] // width
    mix = _mixing(*factors)
    # A cell more than points in both directions: half a cell lies beyond each edge.
    out = np.empty((height + 1, factors[0], width + 1, factors[1]), np.uint8)
    # Bounds on rounding: of a sum of Q products, four times, and of the sigmoid's factors.
    slack = (queries * 2.0**-22 + 1e-5) * float(weights.sum(axis=1).max())

    def work(strip: tuple[int, int]) -> None:
        start, stop = strip
        part = _corners(masks, start, stop)
        doubt, found = _bounded(weights, part, slack)
        out[start:stop] = found[:, None, :, None]
        flat = part.reshape(queries, -1)
        for a, b in strips.blocks(len(doubt), queries * len(mix)):
            rows, columns = np.divmod(doubt[a:b], width + 1)
            computed = _computed(weights, flat, mix, rows * (width + 2) + columns, width + 2)
            out[start + rows, :, columns, :] = computed.T.reshape(-1, *factors)

    with ThreadPoolExecutor(max(1, cv2.getNumThreads())) as pool:
        for _ in pool.map(work, strips.blocks(height + 1, queries * (width + 2))):
            pass
    top, left = (f - f // 2 for f in factors)
    flat = out.reshape((height + 1) * factors[0], -1)
    return np.ascontiguousarray(flat[top : top + size[0], left : left + size[1]])


def _mixing(down: int, across: int) -> Array:
    """Share of each corner in each point of a cell, float32 (down * across, 4)."""
    y, x = (((f // 2 + np.arange(f)) + 0.5) / f - 0.5 for f in (down, across))
    sides = [(1 - y, 1 - x), (1 - y, x), (y, 1 - x), (y, x)]
    return np.stack([np.outer(a, b).ravel() for a, b in sides], axis=1).astype(np.float32)


def _corners(masks: Array, start: int, stop: int) -> Array:
    """Negated logits at the corners of some rows of cells, (Q, n + 1, w + 2); the edges are repeated."""
    queries, height, width = masks.shape
    rows = np.clip(np.arange(start - 1, stop), 0, height - 1)
    part = np.empty((queries, len(rows), width + 2), np.float32)
    np.negative(masks[:, rows], out=part[:, :, 1:-1])
    part[:, :, 0], part[:, :, -1] = part[:, :, 1], part[:, :, -2]
    return part


def _bounded(
    weights: Array, part: Array, slack: float
) -> tuple[NDArray[np.intp], NDArray[np.uint8]]:
    """Flat indices of the cells in doubt, and the leading class of every cell, uint8 (n, w + 1)."""
    share = strips.shares(part.copy())
    least, most = (
        weights @ pick(a[:, :, :-1], a[:, :, 1:]).reshape(len(share), -1)
        for pick in (np.minimum, np.maximum)
        for a in [pick(share[:, :-1], share[:, 1:])]
    )
    leader = np.empty((1, least.shape[1]), np.uint8)
    strips.winner(least[:, None], leader)
    at = np.minimum(leader, len(weights) - 1).astype(np.intp)  # VOID where a weight is no number
    first = np.take_along_axis(least, at, axis=0)[0]
    np.put_along_axis(most, at, -np.inf, axis=0)
    sure = first > most.max(axis=0) + slack
    return np.flatnonzero(~sure), leader.reshape(part.shape[1] - 1, -1)


def _computed(
    weights: Array, flat: Array, mix: Array, at: NDArray[np.intp], stride: int
) -> NDArray[np.uint8]:
    """Class indices, uint8 (points of a cell, K), of the cells whose first corners are given."""
    corners = flat[:, np.stack([at, at + 1, at + stride, at + stride + 1])]
    points = (mix @ corners.transpose(1, 0, 2).reshape(4, -1)).reshape(len(mix), len(flat), -1)
    sums = weights @ strips.shares(points)
    found = np.empty((len(mix), len(at)), np.uint8)
    strips.winner(sums.transpose(1, 0, 2), found)
    return found
