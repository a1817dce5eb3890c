"""Outputs -> label and its probability on a grid of the image's pixels.

Of plain logits, resized to the image: their softmax. Of a mask classifier (class and mask logits): the
class map of the rule `reference`, divided by its sum over the classes. Either way the label is that of
`reference`, and its probability the largest of all.
"""

import numpy as np
from numpy.typing import NDArray

from bench.segments import VOID
from bench.transforms import strips
from bench.transforms.base import Outputs, Size

STEP = 8
"""Rows, and columns, from one pixel of the grid to the next: neighbours tell little that is new, and every
eighth costs a fifth of the rule `reference` or less."""
Grid = tuple[NDArray[np.intp], NDArray[np.intp]]
"""Rows and columns."""


def grid(size: Size) -> Grid:
    """Rows and columns of the pixels that are looked at, which begin half a step from the edge."""
    rows, columns = (np.arange(min(STEP // 2, side - 1), side, STEP) for side in size)
    return rows, columns


def confidence(
    outputs: Outputs, input_size: Size, image_size: Size
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Labels, uint8, and probabilities, float32, of the first image on its grid, (rows, columns).

    A label is VOID, and its probability not a number, where the map is not a number.
    """
    rows, columns = grid(image_size)
    labels = np.empty((len(rows), len(columns)), np.uint8)
    sure = np.empty(labels.shape, np.float32)
    queries = outputs["mask_logits"].shape[1] if "mask_logits" in outputs else 0
    with np.errstate(all="ignore"):
        for start, stop in strips.blocks(len(rows), (4 * queries + 64) * len(columns)):
            part = _map(outputs, input_size, image_size, (rows[start:stop], columns))
            best = part.argmax(axis=0)
            top = np.take_along_axis(part, best[None], axis=0)[0]
            sure[start:stop] = top / part.sum(axis=0)
            labels[start:stop] = np.where(np.isnan(sure[start:stop]), VOID, best)
    return labels, sure


def _map(outputs: Outputs, input_size: Size, image_size: Size, at: Grid) -> NDArray[np.float32]:
    """What probabilities are proportional to, float32 (C, rows, columns)."""
    if "mask_logits" not in outputs:
        logits = outputs["logits"][0]
        part = _sampled(logits, image_size, at)
        power: NDArray[np.float32] = np.exp(part - part.max(axis=0, keepdims=True))
        return power
    masks = outputs["mask_logits"][0]
    weights = np.ascontiguousarray(strips.probabilities(outputs)[:, :-1].T, np.float32)
    # The map is made at the input's size; only the points that the grid's mix are made at all.
    (top, down, low), (left, right, far) = (
        _taps(a, b, i) for a, b, i in zip(input_size, image_size, at, strict=True)
    )
    rows, row = np.unique(np.concatenate([top, down]), return_inverse=True)
    columns, column = np.unique(np.concatenate([left, right]), return_inverse=True)
    share = strips.shares(np.negative(_sampled(masks, input_size, (rows, columns))))
    made: NDArray[np.float32] = weights @ share.reshape(len(masks), -1)
    made = made.reshape(-1, len(rows), len(columns))
    (top, down), (left, right) = np.split(row, 2), np.split(column, 2)
    mixed = made[:, top] + (made[:, down] - made[:, top]) * low[None, :, None]
    out: NDArray[np.float32] = mixed[:, :, left] + (mixed[:, :, right] - mixed[:, :, left]) * far
    return out


def _sampled(values: NDArray[np.float32], size: Size, at: Grid) -> NDArray[np.float32]:
    """Values, (K, h, w), resized bilinearly to a size, at rows and columns of it, (K, rows, columns)."""
    found: NDArray[np.float32]
    (top, down, low), (left, right, far) = (
        _taps(a, b, i) for a, b, i in zip(values.shape[1:], size, at, strict=True)
    )
    above, below = np.take(values, top, axis=1), np.take(values, down, axis=1)
    mixed = above + (below - above) * low[None, :, None]
    first, second = np.take(mixed, left, axis=2), np.take(mixed, right, axis=2)
    found = first + (second - first) * far
    return found


def _taps(
    source: int, target: int, at: NDArray[np.intp]
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float32]]:
    """Both neighbours of some target rows and the second's weight."""
    first, second, weight = strips.taps(source, target, 0, target)
    return first[at], second[at], weight[at]
