"""What cameras, codecs and screens do; parameters of ImageNet-C, elastic transform of Michaelis et al."""

import cv2
import numpy as np
from numpy.random import Generator

from bench.transforms.corruptions.base import Image, rounded

CONTRAST = (0.4, 0.3, 0.2, 0.1, 0.05)
"""What is left of the distance from the mean."""
PIXELATE = (0.6, 0.5, 0.4, 0.3, 0.25)
"""Scale."""
JPEG = (25, 18, 15, 10, 7)
"""Quality."""
SATURATE = ((0.3, 0), (0.1, 0), (2, 0), (5, 0.1), (20, 0.2))
"""Factor of HSV's saturation, and what is added."""
ELASTIC = (12.5, 16.25, 21.25, 25.0, 30.0)
"""Strength of displacements that are drawn from 0.5 % of the height either way, then smoothed."""


def contrast(image: Image, level: int, _rng: Generator) -> Image:
    """Image, uint8 (H, W, 3), drawn towards the mean of each channel."""
    left = CONTRAST[level - 1]
    mean = np.array(cv2.mean(image)[:3])
    table = np.arange(256)[:, None] * left + mean * (1 - left)
    return np.asarray(cv2.LUT(image, rounded(table.astype(np.float32))[None]), np.uint8)


def pixelate(image: Image, level: int, _rng: Generator) -> Image:
    """Image, uint8 (H, W, 3), of larger pixels: shrunk by averaging, enlarged by repeating."""
    height, width = image.shape[:2]
    scale = PIXELATE[level - 1]
    few = (max(1, int(width * scale)), max(1, int(height * scale)))
    small = cv2.resize(image, few, interpolation=cv2.INTER_AREA)
    out = cv2.resize(small, (width, height), interpolation=cv2.INTER_NEAREST_EXACT)
    return np.asarray(out, np.uint8)


def jpeg_compression(image: Image, level: int, _rng: Generator) -> Image:
    """Image, uint8 (H, W, 3), after JPEG at low quality."""
    quality = (cv2.IMWRITE_JPEG_QUALITY, JPEG[level - 1])
    _, data = cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), quality)
    return np.asarray(cv2.cvtColor(cv2.imdecode(data, 1), cv2.COLOR_BGR2RGB), np.uint8)


def saturate(image: Image, level: int, _rng: Generator) -> Image:
    """Image, uint8 (H, W, 3), with paler (levels 1 and 2) or louder colours."""
    factor, more = SATURATE[level - 1]
    hsv = cv2.cvtColor(image.astype(np.float32) / np.float32(255), cv2.COLOR_RGB2HSV)
    hsv[..., 1] = np.clip(hsv[..., 1] * np.float32(factor) + np.float32(more), 0, 1)
    return rounded(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB) * np.float32(255))


def elastic_transform(image: Image, level: int, rng: Generator) -> Image:
    """Image, uint8 (H, W, 3), warped by one to a few pixels, smoothly."""
    height, width = image.shape[:2]
    reach = 0.005 * height * ELASTIC[level - 1]
    drawn = rng.random((2, height, width), dtype=np.float32) * 2 - 1
    dx, dy = (
        cv2.GaussianBlur(d, (0, 0), 0.01 * width, sigmaY=0.01 * height) * reach for d in drawn
    )
    columns, rows = np.meshgrid(
        np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)
    )
    out = cv2.remap(image, columns + dx, rows + dy, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    return np.asarray(out, np.uint8)
