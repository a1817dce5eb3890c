"""Texture, light, weather and the camera's own faults, applied to a painted canvas."""

from functools import lru_cache
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from bench.datasets.scenes.canvas import Canvas, Colour

_BANK = 512
# Amplitude of fine, middle and coarse texture by labelId (road 7 ... bicycle 33), grey levels.
_ROUGHNESS: dict[int, tuple[float, float, float]] = {
    7: (7, 3, 5), 8: (4, 8, 5), 11: (4, 6, 8), 12: (8, 8, 4), 13: (5, 4, 3), 17: (3, 3, 2),
    19: (1, 1, 0), 20: (1, 1, 1), 21: (14, 18, 9), 22: (16, 8, 8), 23: (0, 1, 4), 24: (3, 3, 2),
    25: (2, 2, 1), 26: (1, 2, 3), 27: (2, 2, 3), 28: (1, 2, 2), 31: (1, 2, 2), 32: (3, 2, 1),
    33: (2, 2, 1), 1: (1, 1, 3), 4: (4, 3, 2), 5: (4, 3, 2),
}  # fmt: skip


class Weather(NamedTuple):
    """The light of one scene: sky, haze, gain and what falls from above."""

    zenith: Colour
    haze: Colour
    gain: float
    fog_per_m: float
    sun: float
    rain: bool = False


def draw_weather(rng: np.random.Generator) -> Weather:
    """Weather, drawn."""
    jitter = rng.uniform(0.9, 1.1)
    table = (  # clear, overcast, fog, rain, dusk
        Weather((96, 148, 214), (196, 212, 226), 1.05 * jitter, 0.0012, 0.35),
        Weather((166, 172, 180), (204, 206, 208), 0.92 * jitter, 0.0025, 0.0),
        Weather((186, 190, 192), (208, 210, 210), 0.95 * jitter, 0.020, 0.0),
        Weather((128, 136, 146), (168, 174, 178), 0.74 * jitter, 0.010, 0.0, rain=True),
        Weather((84, 80, 118), (214, 156, 120), 0.46 * jitter, 0.003, 0.15),
    )
    return table[rng.choice(5, p=[0.36, 0.26, 0.12, 0.12, 0.14])]


@lru_cache(maxsize=1)
def _bank() -> NDArray[np.float32]:
    """Noise bank, float32 (3, 512, 512): fine, middle, coarse, each of unit variance."""
    rng = np.random.default_rng(20200518)
    out = np.empty((3, _BANK, _BANK), np.float32)
    for i, cell in enumerate((1, 4, 24)):
        n = _BANK // cell + 3
        low = rng.normal(0, 1, (n, n)).astype(np.float32)
        big = cv2.resize(low, (n * cell, n * cell), interpolation=cv2.INTER_CUBIC)
        tile = big[:_BANK, :_BANK]
        out[i] = (tile - tile.mean()) / tile.std()
    return out


def _noise(rng: np.random.Generator, height: int, width: int) -> NDArray[np.float32]:
    """Three noise fields, float32 (3, H, W): crops of the bank, mirrored where it is too small."""
    bank = _bank()
    grow = max(1, -(-max(height, width // 2) // 256))
    out = np.empty((3, height, width), np.float32)
    for i in range(3):
        oy, ox = rng.integers(0, _BANK, 2)
        ys = _mirror(np.arange(height) // (grow if i else 1) + oy)
        xs = _mirror(np.arange(width) // (grow if i else 1) + ox)
        out[i] = bank[i][np.ix_(ys, xs)]
    return out


def _mirror(index: NDArray[np.int64]) -> NDArray[np.int64]:
    """Indices into the bank that turn back at its edges: no seam, unlike wrapping."""
    folded = index % (2 * _BANK)
    return np.where(folded < _BANK, folded, 2 * _BANK - 1 - folded)


def finish(canvas: Canvas, rng: np.random.Generator, weather: Weather) -> NDArray[np.uint8]:
    """Photograph, uint8 (H, W, 3) RGB: texture, light, fog, rain, lens and sensor."""
    h, w = canvas.labels.shape
    image = cv2.resize(canvas.colour, (w, h), interpolation=cv2.INTER_AREA).astype(np.float32)
    rough = np.zeros((256, 3), np.float32)
    for label, levels in _ROUGHNESS.items():
        rough[label] = levels
    noise = _noise(rng, h, w)
    texture = np.einsum("hwk,khw->hw", rough[canvas.labels], noise, optimize=True)
    # Texture shrinks with distance, as it does when many facets fall into one pixel.
    texture *= 1.0 / (1.0 + canvas.depth / 45.0)
    image += texture[..., None]
    image *= _sunlight(rng, canvas, weather)[..., None]
    fog = 1.0 - np.exp(-weather.fog_per_m * canvas.depth)
    fog[canvas.labels == 23] = 0.0
    image += fog[..., None] * (np.asarray(weather.haze, np.float32) - image)
    if weather.rain:
        _rain(rng, image)
    return _sensor(rng, image, weather)


def _sunlight(rng: np.random.Generator, canvas: Canvas, weather: Weather) -> NDArray[np.float32]:
    """Gain, float32 (H, W): soft blotches of shade on the ground, none in the sky."""
    h, w = canvas.labels.shape
    low = rng.normal(0, 1, (5, 9)).astype(np.float32)
    blotch = cv2.resize(low, (w, h), interpolation=cv2.INTER_CUBIC)
    gain = 1.0 + 0.07 * np.clip(blotch, -1.5, 1.5)
    if weather.sun:
        lean = rng.uniform(-1, 1) * np.linspace(-1, 1, w, dtype=np.float32)
        gain = gain + weather.sun * 0.25 * lean[None]
    gain[canvas.labels == 23] = 1.0
    return np.asarray(gain, np.float32)


def _rain(rng: np.random.Generator, image: NDArray[np.float32]) -> None:
    """Streaks of rain, drawn in place, and a wet shine on the lower half."""
    h, w = image.shape[:2]
    layer = np.zeros((h, w), np.float32)
    for x, y, n in zip(rng.uniform(0, w, 90), rng.uniform(0, h, 90), rng.uniform(0.02, 0.06, 90),
                       strict=True):  # fmt: skip
        end = (int(x + 0.1 * n * h), int(y + n * h))
        cv2.line(layer, (int(x), int(y)), end, 26.0, 1, cv2.LINE_AA)
    image += layer[..., None]
    shine = cv2.GaussianBlur(image[h // 4 : h - h // 4][::-1], (0, 0), h / 40)
    low = image[h - shine.shape[0] :]
    low += 0.10 * (shine - low)


def _sensor(
    rng: np.random.Generator, image: NDArray[np.float32], weather: Weather
) -> NDArray[np.uint8]:
    """Photograph, uint8 (H, W, 3): vignette, tint, blur, gain, gamma, shot noise."""
    h, w = image.shape[:2]
    y, x = np.ogrid[-1 : 1 : h * 1j, -1 : 1 : w * 1j]
    vignette = (1.0 - 0.16 * (x**2 + y**2) / 2).astype(np.float32)
    tint = rng.normal(1.0, 0.06, 3).astype(np.float32)
    image = image * vignette[..., None] * tint * weather.gain
    sigma = rng.uniform(0.35, 0.9) * h / 256
    image = cv2.GaussianBlur(image, (0, 0), sigma)
    image = 255.0 * np.clip(image / 255.0, 0, 1) ** rng.uniform(0.75, 1.35)
    grain = rng.uniform(2.5, 8.0) / max(weather.gain, 0.5)
    image += rng.standard_normal(image.shape, dtype=np.float32) * grain
    return np.asarray(np.clip(image + 0.5, 0, 255), np.uint8)
