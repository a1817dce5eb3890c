"""Blur of lens, glass and motion; parameters of ImageNet-C, in pixels."""

import cv2
import numpy as np
from numpy.random import Generator

from bench.transforms.corruptions.base import Image, rounded, streaked

DEFOCUS = ((3, 0.1), (4, 0.5), (6, 0.5), (8, 0.5), (10, 0.5))
"""Radius of the disk, and sigma that smooths its edge."""
GLASS = ((0.7, 1, 2), (0.9, 2, 1), (1.0, 2, 3), (1.1, 3, 2), (1.5, 4, 2))
"""Sigma before and after, furthest displacement, rounds."""
MOTION = ((10, 3), (15, 5), (15, 8), (15, 12), (20, 15))
"""Radius and sigma."""
ZOOM = ((0.11, 0.01), (0.16, 0.01), (0.21, 0.02), (0.26, 0.02), (0.31, 0.03))
"""End, exclusive, and step of the magnifications above 1."""
GAUSSIAN = (1, 2, 3, 4, 6)
"""Sigma."""


def defocus_blur(image: Image, level: int, _rng: Generator) -> Image:
    """Image, uint8 (H, W, 3), out of focus: averaged over a disk."""
    radius, smooth = DEFOCUS[level - 1]
    at = np.arange(-max(radius, 8), max(radius, 8) + 1)
    disk = (at[:, None] ** 2 + at[None] ** 2 <= radius**2).astype(np.float32)
    disk = cv2.GaussianBlur(disk / disk.sum(), (3, 3) if radius <= 8 else (5, 5), smooth)
    return np.asarray(cv2.filter2D(image, -1, disk), np.uint8)


def glass_blur(image: Image, level: int, rng: Generator) -> Image:
    """Image, uint8 (H, W, 3), through frosted glass: each pixel comes from its neighbourhood."""
    sigma, reach, rounds = GLASS[level - 1]
    height, width = image.shape[:2]
    out = cv2.GaussianBlur(image, (0, 0), sigma)
    columns, rows = np.meshgrid(
        np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)
    )
    for _ in range(rounds):
        # ImageNet-C draws from -reach to reach - 1 too.
        dx, dy = rng.integers(-reach, reach, (2, height, width), dtype=np.int8)
        out = cv2.remap(
            out, columns + dx, rows + dy, cv2.INTER_NEAREST, borderMode=cv2.BORDER_REFLECT_101
        )
    return np.asarray(cv2.GaussianBlur(out, (0, 0), sigma), np.uint8)


def motion_blur(image: Image, level: int, rng: Generator) -> Image:
    """Image, uint8 (H, W, 3), moved while it was taken, in a random direction near the level."""
    radius, sigma = MOTION[level - 1]
    return np.asarray(streaked(image, radius, sigma, rng.uniform(-45, 45)), np.uint8)


def zoom_blur(image: Image, level: int, _rng: Generator) -> Image:
    """Image, uint8 (H, W, 3), of a camera that moves ahead: a mean over magnifications."""
    end, step = ZOOM[level - 1]
    height, width = image.shape[:2]
    total = image.astype(np.float32)
    factors = np.arange(1, 1 + end, step)
    for factor in factors:
        shift = ((1 - factor) * (width - 1) / 2, (1 - factor) * (height - 1) / 2)
        matrix = np.array([[factor, 0, shift[0]], [0, factor, shift[1]]])
        cv2.accumulate(cv2.warpAffine(image, matrix, (width, height)), total)
    total /= len(factors) + 1
    return rounded(total)


def gaussian_blur(image: Image, level: int, _rng: Generator) -> Image:
    """Image, uint8 (H, W, 3), under a Gaussian filter."""
    return np.asarray(cv2.GaussianBlur(image, (0, 0), GAUSSIAN[level - 1]), np.uint8)
