"""Arithmetic on a few rows of a map at a time, so that scratch memory stays in the cache."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial

import cv2
import numpy as np
from numpy.typing import NDArray

Rows = Callable[[int, int], NDArray[np.float32]]
"""(start, stop) -> those rows of a map, float32 (C, stop - start, w)."""
HF_SIZE = (384, 384)
"""Height and width at which transformers combines masks."""
SCRATCH = 1 << 18
"""Float32 numbers in one strip, 1 MiB: fits a core's cache, and bounds memory."""


def blocks(height: int, per_row: int) -> Iterator[tuple[int, int]]:
    """(start, stop) of strips of rows with `per_row` numbers each, about `SCRATCH` in all."""
    step = max(1, SCRATCH // per_row)
    for start in range(0, height, step):
        yield start, min(height, start + step)


def taps(
    source: int, target: int, start: int, stop: int
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float32]]:
    """Two source rows and the second's weight for target rows, with half-pixel centres clamped at the edges."""
    at = np.maximum((np.arange(start, stop) + 0.5) * (source / target) - 0.5, 0.0)
    first = np.minimum(at.astype(np.intp), source - 1)
    weight = np.where(first < source - 1, at - first, 0.0)
    return first, np.minimum(first + 1, source - 1), weight.astype(np.float32)


def sliced(whole: NDArray[np.float32]) -> Rows:
    """Rows of a map that is there, (C, h, w)."""
    return lambda start, stop: whole[:, start:stop]


class Kept:
    """Rows of a map that remember their last answer, so that strips overlap at no cost."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._last: NDArray[np.float32] | None = None
        self._start = 0

    def __call__(self, start: int, stop: int) -> NDArray[np.float32]:
        """Rows start to stop, float32 (C, stop - start, w)."""
        last = self._last
        if last is not None and self._start <= start < self._start + last.shape[1]:
            old = last[:, start - self._start : stop - self._start]
            missing = start + old.shape[1]
            new = self._rows(missing, stop) if missing < stop else old[:, :0]
            last = np.concatenate([old, new], axis=1)
        else:
            last = self._rows(start, stop)
        self._last, self._start = last, start
        return last


def resized(rows: Rows, size: tuple[int, ...], target: tuple[int, int]) -> Rows:
    """Rows of the same map at another size."""
    return rows if size == target else partial(stretched, Kept(rows), size, target)


def stretched(
    rows: Rows, size: tuple[int, ...], target: tuple[int, int], start: int, stop: int
) -> NDArray[np.float32]:
    """Rows start to stop, float32 (C, stop - start, W), of a map resized bilinearly to `target`."""
    first, second, weight = taps(size[0], target[0], start, stop)
    low, high = int(first[0]), int(second[-1]) + 1
    # Shrinking skips rows: then only those that count are asked for.
    if high - low > 4 * (stop - start):
        pieces = [rows(int(a), int(b) + 1) for a, b in zip(first, second, strict=True)]
        above = np.concatenate([p[:, :1] for p in pieces], axis=1)
        below = np.concatenate([p[:, -1:] for p in pieces], axis=1)
    else:
        window = rows(low, high)
        above, below = window[:, first - low], window[:, second - low]
    mixed = above + (below - above) * weight[None, :, None]
    return _widened(mixed, target[1])


def _widened(part: NDArray[np.float32], width: int) -> NDArray[np.float32]:
    """The same rows, float32 (C, n, width), resized sideways: one call for all of them."""
    depth, count, before = part.shape
    if before == width:
        return part
    flat = np.ascontiguousarray(part, np.float32).reshape(depth * count, before)
    wide = cv2.resize(flat, (width, depth * count), interpolation=cv2.INTER_LINEAR)
    return np.asarray(wide, np.float32).reshape(depth, count, width)


def negated(masks: NDArray[np.float32], size: tuple[int, int]) -> Rows:
    """Rows of mask logits, (Q, h, w), with the other sign and at a size: what `shares` takes."""
    # The sign is turned while there are few numbers.
    return resized(lambda a, b: np.negative(masks[:, a:b]), masks.shape[1:], size)


def combined(
    weights: NDArray[np.float32], masks: NDArray[np.float32], size: tuple[int, int]
) -> Rows:
    """Rows, at a size, of the classes' probabilities, (C, Q), times masks, given as logits (Q, h, w)."""
    turned = negated(masks, size)

    def rows(start: int, stop: int) -> NDArray[np.float32]:
        share = shares(turned(start, stop).reshape(len(masks), -1))
        return (weights @ share).reshape(len(weights), stop - start, size[1])

    return rows


def probabilities(outputs: Mapping[str, NDArray[np.float32]]) -> NDArray[np.float64]:
    """Softmax of the first image's class logits, float64 (Q, C + 1); the last class is no object."""
    logits = outputs["class_logits"][0].astype(np.float64)
    power = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(power / power.sum(axis=1, keepdims=True))


def shares(turned: NDArray[np.float32]) -> NDArray[np.float32]:
    """Sigmoid of logits that are given with the other sign; overwrites them."""
    flat = np.ascontiguousarray(turned).reshape(-1)
    cv2.exp(flat, dst=flat)  # twice as fast as numpy's, and infinity raises no warning
    flat += 1.0
    np.reciprocal(flat, out=flat)
    return flat.reshape(turned.shape)


def winner(part: NDArray[np.float32], out: NDArray[np.uint8]) -> None:
    """Write the class with the largest value, from (C, n, w), into `out`, uint8 (n, w).

    The first of equals; VOID where the values are not numbers. An order of magnitude faster than
    numpy's argmax, which walks memory across the classes for every pixel.
    """
    best = np.maximum.reduce(part, axis=0)
    out.fill(255)
    other = np.empty(best.shape, np.uint8)
    equal = other.view(np.bool_)
    for index, values in enumerate(part):
        np.equal(values, best, out=equal)
        np.subtract(other, 1, out=other)  # 0 where equal, 255 elsewhere
        np.bitwise_or(other, index, out=other)
        np.minimum(out, other, out=out)
