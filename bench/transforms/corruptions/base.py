"""One corruption of one image, from a seed; and what several corruptions are made of."""

import hashlib
import math
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from bench import registry
from bench.suite.protocol import corruption_of

Image = NDArray[np.uint8]
"""uint8 (H, W, 3) RGB."""
Corruption = Callable[[Image, int, np.random.Generator], Image]
"""(image, level, random numbers) -> corrupted image; the level is 1 (slight) to 5 (severe)."""


def corrupted(image: Image, asked: str, seed: int, name: str) -> Image:
    """Image under `NAME/LEVEL`, uint8 (H, W, 3) RGB; the image itself where nothing is asked.

    The random numbers follow from the seed, the corruption, its level and the image's name alone:
    every variant sees the same bytes, in whatever order images come.
    """
    if not asked:
        return image
    corruption, level = corruption_of(asked)
    key = hashlib.sha256(f"{seed}/{corruption}/{level}/{name}".encode()).digest()
    rng = np.random.default_rng(np.frombuffer(key, np.uint32))
    return registry.load("corruption", corruption)(image, level, rng)


def rounded(values: NDArray[np.float32]) -> NDArray[np.uint8]:
    """The nearest 8-bit values, uint8, of float32 in 0..255; `values` may be overwritten."""
    np.rint(values, out=values)
    np.clip(values, 0, 255, out=values)
    return values.astype(np.uint8)


def normal(rng: np.random.Generator, shape: tuple[int, ...], scale: float) -> NDArray[np.float32]:
    """Normal numbers with mean 0, float32."""
    drawn = rng.standard_normal(shape, dtype=np.float32)
    drawn *= np.float32(scale)
    return drawn


def streaked(image: NDArray[Any], radius: int, sigma: float, angle: float) -> NDArray[Any]:
    """Image of the same type, blurred to one side along an angle in degrees.

    ImageMagick's motion blur, as ImageNet-C uses it: weights of half a normal curve with `sigma`
    pixels, cut off after `radius` to both sides' length, each at its nearest pixel.
    """
    width = 2 * radius + 1
    weights = np.exp(-(np.arange(width) ** 2) / (2 * sigma**2))
    kernel = np.zeros((2 * width - 1, 2 * width - 1), np.float32)
    for step, weight in enumerate(weights / weights.sum()):
        row = width - 1 + round(step * math.sin(math.radians(angle)))
        column = width - 1 + round(step * math.cos(math.radians(angle)))
        kernel[row, column] += weight
    # Without the empty margin the filter takes half the time.
    used_rows, used_columns = np.flatnonzero(kernel.any(1)), np.flatnonzero(kernel.any(0))
    top, left = int(used_rows[0]), int(used_columns[0])
    part = kernel[top : used_rows[-1] + 1, left : used_columns[-1] + 1]
    anchor = (width - 1 - left, width - 1 - top)
    out = cv2.filter2D(image, -1, part, anchor=anchor, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(out)


def plasma(shape: tuple[int, int], decay: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """Random clouds, float32 (H, W), 0..1: the diamond-square algorithm on a torus.

    Fournier, Fussell & Carpenter, Computer Rendering of Stochastic Models, CACM 25, 1982. The range
    of the random offsets falls by `decay` squared from one scale to the next, as in ImageNet-C.
    """
    side = 1 << max(1, (max(shape) - 1).bit_length())
    grid = np.zeros((side, side), np.float32)
    step, reach = side, 1.0

    def offset(mean: NDArray[Any]) -> NDArray[np.float32]:
        drawn = rng.random(mean.shape, dtype=np.float32)
        drawn -= np.float32(0.5)
        drawn *= np.float32(2 * reach)
        drawn += mean
        return drawn

    while step >= 2:
        half = step // 2
        corners = grid[::step, ::step]
        across = corners + np.roll(corners, -1, 1)
        down = corners + np.roll(corners, -1, 0)
        centres = offset((across + np.roll(across, -1, 0)) / 4)
        grid[half::step, half::step] = centres
        grid[::step, half::step] = offset((across + centres + np.roll(centres, 1, 0)) / 4)
        grid[half::step, ::step] = offset((down + centres + np.roll(centres, 1, 1)) / 4)
        step, reach = half, reach / decay**2
    grid -= grid.min()
    grid /= max(float(grid.max()), 1e-12)
    return grid[: shape[0], : shape[1]]
