"""Weather and light; parameters of ImageNet-C, on values of 0..1."""

import math

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from bench.transforms.corruptions.base import Image, normal, plasma, rounded, streaked

SNOW = (
    (0.1, 0.3, 3, 0.5, 10, 4, 0.8),
    (0.2, 0.3, 2, 0.5, 12, 4, 0.7),
    (0.55, 0.3, 4, 0.9, 12, 8, 0.7),
    (0.55, 0.3, 4.5, 0.85, 12, 8, 0.65),
    (0.55, 0.3, 2.5, 0.85, 12, 12, 0.55),
)
"""Mean, deviation, size and threshold of flakes, radius and sigma of their fall, share of the image."""
FROST = ((1, 0.4), (0.8, 0.6), (0.7, 0.7), (0.65, 0.7), (0.6, 0.75))
"""Weights of the image and of the frost."""
FOG = ((1.5, 2), (2, 2), (2.5, 1.7), (2.5, 1.5), (3, 1.4))
"""Thickness, and how fast its detail fades."""
BRIGHTNESS = (0.1, 0.2, 0.3, 0.4, 0.5)
"""Added to the value of HSV."""
SPATTER_WATER = ((0.65, 0.3, 4, 0.69, 0.6), (0.65, 0.3, 3, 0.68, 0.6), (0.65, 0.3, 2, 0.68, 0.5))
"""Mean, deviation, sigma and threshold of drops, and their strength; levels 1 to 3."""
SPATTER_MUD = ((0.65, 0.3, 1, 0.65, 1.5), (0.67, 0.4, 1, 0.65, 1.5))
"""The same, with the sigma of their edges in place of a strength; levels 4 and 5."""
_WATER = np.array([175, 238, 238], np.float32)
_MUD = np.array([63, 42, 20], np.float32)


def snow(image: Image, level: int, rng: Generator) -> Image:
    """Image, uint8 (H, W, 3), paler and with streaks of falling flakes."""
    mean, deviation, size, threshold, radius, sigma, share = SNOW[level - 1]
    height, width = image.shape[:2]
    small = (math.ceil(height / size), math.ceil(width / size))
    flakes = cv2.resize(normal(rng, small, deviation) + np.float32(mean), (width, height))
    flakes[flakes < threshold] = 0
    fallen = streaked(np.clip(flakes, 0, 1), int(radius), sigma, rng.uniform(-135, -45))
    white = np.asarray(fallen + fallen[::-1, ::-1], np.float32) * np.float32(255)
    seen = image.astype(np.float32)
    grey = cv2.cvtColor(seen, cv2.COLOR_RGB2GRAY) * 1.5 + 127.5
    pale = np.maximum(seen, grey[..., None])
    seen = cv2.addWeighted(seen, share, pale, 1 - share, 0)
    seen += white[..., None]
    return rounded(seen)


def frost(image: Image, level: int, rng: Generator) -> Image:
    """Image, uint8 (H, W, 3), behind a frosted pane.

    ImageNet-C lays photographs of frost over the image, which can't be shipped. Here it is drawn:
    bright ridges of plasma clouds, as crystals grow, on a pane that is whiter where it is colder.
    Patterns and brightness are not those of the photographs: compare variants with it, not papers.
    """
    share, weight = FROST[level - 1]
    clouds, cold = (plasma(image.shape[:2], decay, rng) for decay in (1.25, 1.6))
    ridges = 1 - np.abs(2 * clouds - 1)
    ice = np.clip(0.15 + 0.7 * ridges**4 * cold + 0.6 * cold, 0, 1)
    tint = np.array([0.86, 0.94, 1.0], np.float32) * np.float32(255 * weight)
    out = image * np.float32(share)
    out += ice[..., None] * tint
    return rounded(out)


def fog(image: Image, level: int, rng: Generator) -> Image:
    """Image, uint8 (H, W, 3), behind clouds, darkened so that its brightest value stays."""
    thick, decay = FOG[level - 1]
    top = int(image.max()) / 255
    clouds = plasma(image.shape[:2], decay, rng) * np.float32(255 * thick)
    out = image.astype(np.float32)
    out += clouds[..., None]
    out *= np.float32(top / (top + thick))
    return rounded(out)


def brightness(image: Image, level: int, _rng: Generator) -> Image:
    """Image, uint8 (H, W, 3), with a larger value of HSV: overexposed."""
    hsv = cv2.cvtColor(image.astype(np.float32) / np.float32(255), cv2.COLOR_RGB2HSV)
    hsv[..., 2] = np.minimum(hsv[..., 2] + np.float32(BRIGHTNESS[level - 1]), 1)
    return rounded(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB) * np.float32(255))


def spatter(image: Image, level: int, rng: Generator) -> Image:
    """Image, uint8 (H, W, 3), through drops of rain (levels 1 to 3) or of mud (4 and 5)."""
    muddy = level > len(SPATTER_WATER)
    mean, deviation, sigma, threshold, last = (SPATTER_WATER + SPATTER_MUD)[level - 1]
    liquid = cv2.GaussianBlur(
        normal(rng, image.shape[:2], deviation) + np.float32(mean), (0, 0), sigma
    )
    liquid[liquid < threshold] = 0
    if muddy:
        mask = cv2.GaussianBlur((liquid > threshold).astype(np.float32), (0, 0), last)
        mask[mask < 0.8] = 0
        return rounded(image * (1 - mask[..., None]) + mask[..., None] * _MUD)
    shine = _shine((liquid * 255).clip(0, 255).astype(np.uint8))
    strength = shine * np.float32(last / max(float(shine.max()), 1e-12))
    return rounded(image + strength[..., None] * _WATER)


def _shine(liquid: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Light on drops, float32 (H, W): the depth below their edges, lit from one side."""
    depth = cv2.distanceTransform(255 - cv2.Canny(liquid, 50, 150), cv2.DIST_L2, 5)
    depth = cv2.equalizeHist(cv2.blur(np.minimum(depth, 20), (3, 3)).astype(np.uint8))
    emboss = np.array([[-2, -1, 0], [-1, 1, 1], [0, 1, 2]], np.float32)
    lit = cv2.blur(cv2.filter2D(depth, cv2.CV_8U, emboss), (3, 3))
    return np.asarray(liquid * lit.astype(np.float32), np.float32)
