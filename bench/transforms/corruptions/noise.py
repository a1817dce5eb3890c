"""Noise of sensors and lines; parameters of ImageNet-C, on values of 0..1."""

from functools import lru_cache

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from bench.transforms.corruptions.base import Image, normal, rounded

GAUSSIAN = (0.08, 0.12, 0.18, 0.26, 0.38)
"""Standard deviation."""
SHOT = (60, 25, 12, 5, 3)
"""Photons of a white pixel."""
IMPULSE = (0.03, 0.06, 0.09, 0.17, 0.27)
"""Share of values that become 0 or 255."""
SPECKLE = (0.15, 0.2, 0.35, 0.45, 0.6)
"""Standard deviation, times the value."""
_FINE = 1 << 16


def gaussian_noise(image: Image, level: int, rng: Generator) -> Image:
    """Image, uint8 (H, W, 3), with additive normal noise: low light."""
    drawn = normal(rng, image.shape, 255 * GAUSSIAN[level - 1])
    drawn += image
    return rounded(drawn)


def shot_noise(image: Image, level: int, rng: Generator) -> Image:
    """Image, uint8 (H, W, 3), of counted photons (Poisson)."""
    drawn = rng.integers(0, _FINE, image.shape, dtype=np.uint16)
    return _shot_table(SHOT[level - 1])[image, drawn]


@lru_cache(maxsize=1)
def _shot_table(photons: int) -> NDArray[np.uint8]:
    """8-bit value by true value and 16-bit random number, uint8 (256, 65536).

    The inverse of Poisson's distribution function, an order of magnitude faster than drawing from
    it; what is rarer than 1 in 65536 doesn't occur.
    """
    table = np.empty((256, _FINE), np.uint8)
    counts = np.arange(4 * photons + 8)
    log_factorial = np.concatenate([[0.0], np.cumsum(np.log(counts[1:]))])
    brightness = np.minimum(np.rint(counts * 255 / photons), 255).astype(np.uint8)
    for value in range(256):
        mean = max(value / 255 * photons, 1e-30)
        share = np.exp(counts * np.log(mean) - mean - log_factorial).cumsum()
        ends = np.minimum(np.rint(share * _FINE), _FINE).astype(np.int64)
        ends[-1] = _FINE
        table[value] = np.repeat(brightness, np.diff(ends, prepend=0))
    return table


def impulse_noise(image: Image, level: int, rng: Generator) -> Image:
    """Image, uint8 (H, W, 3), with values lost to 0 or 255: salt and pepper, channel by channel."""
    drawn = rng.integers(0, _FINE, image.shape, dtype=np.uint16)
    half = round(IMPULSE[level - 1] * _FINE / 2)
    out = image.copy()
    out[drawn < half] = 0
    out[drawn >= _FINE - half] = 255
    return out


def speckle_noise(image: Image, level: int, rng: Generator) -> Image:
    """Image, uint8 (H, W, 3), with noise in proportion to brightness."""
    drawn = normal(rng, image.shape, SPECKLE[level - 1])
    drawn += 1
    drawn *= image
    return rounded(drawn)
