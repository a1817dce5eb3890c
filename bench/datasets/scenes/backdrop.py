"""Sky, ground and what lines the street: buildings, walls, fences, hedges, terrain."""

from typing import NamedTuple, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from bench.datasets.scenes.canvas import (
    Canvas,
    Colour,
    back_quad,
    flat_quad,
    pick,
    shade,
    side_quad,
)

FACADES: tuple[Colour, ...] = (
    (178, 146, 120), (150, 92, 74), (196, 186, 160), (134, 136, 142), (170, 160, 120),
    (120, 104, 96), (188, 170, 172), (150, 160, 164), (170, 92, 70), (96, 112, 92),
)  # fmt: skip
_DEPTHS = np.array([1.2, 2, 3, 4.5, 6.5, 9, 12, 16, 21, 28, 38, 52, 75, 110, 170, 260.0])


class Street(NamedTuple):
    """Where bands beside the centre line of our lane end, in metres, by side: -1 left, 1 right."""

    kerb: dict[int, float]
    walk: dict[int, float]
    edge: dict[int, float]
    """Where the rows of buildings begin."""

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Self:
        """Street of two to four lanes, walks on both sides, a verge of terrain at times."""
        left, right = rng.uniform(4.8, 8.0), rng.uniform(2.6, 5.0)
        verges = rng.uniform(1.2, 5.0, 2) * (rng.random(2) < 0.7)
        walks = rng.uniform(2.0, 4.2, 2)
        walk = {-1: -(left + walks[0]), 1: right + walks[1]}
        edge = {-1: walk[-1] - verges[0], 1: walk[1] + verges[1]}
        return cls({-1: -left, 1: right}, walk, edge)


def sky(canvas: Canvas, rng: np.random.Generator, zenith: Colour, haze: Colour) -> None:
    """Vertical gradient with soft clouds; label sky everywhere so far."""
    h, w = canvas.colour.shape[:2]
    t = np.clip(np.arange(h) / (canvas.camera.horizon * canvas.supersample), 0, 1)[:, None, None]
    grad = np.asarray(zenith) * (1 - t) + np.asarray(haze) * t
    low = rng.normal(0, 1, (8, 12, 1)).astype(np.float32)
    cloud = cv2.GaussianBlur(cv2.resize(low, (w, h), interpolation=cv2.INTER_CUBIC), (0, 0), 5)
    canvas.colour[:] = np.clip(grad + 11 * cloud[..., None], 0, 255).astype(np.uint8)


def _band(canvas: Canvas, x0: float, x1: float, colour: Colour, label: int) -> None:
    """A strip of ground between two offsets, following the bend."""
    for z0, z1 in zip(_DEPTHS[:-1][::-1], _DEPTHS[1:][::-1], strict=True):
        canvas.area(flat_quad(x0, x1, z0, z1), colour, label=label, depth=float(z0))


def ground(canvas: Canvas, rng: np.random.Generator, street: Street) -> None:
    """Terrain, walks, road, kerbs, lane marks, a crossing and tram rails at times."""
    grass = pick(rng, (110, 124, 62), (128, 120, 76), (92, 116, 58))
    asphalt = shade((92, 92, 96), rng.uniform(0.8, 1.1))
    paving = shade((172, 158, 148), rng.uniform(0.85, 1.1))
    _band(canvas, -60, 60, grass, 22)
    for side, kerb in street.kerb.items():
        _band(canvas, kerb, street.walk[side], paving, 8)
        _band(canvas, kerb, kerb + side * 0.16, shade(paving, 1.2), 8)
    left, right = street.kerb.values()
    _band(canvas, left, right, asphalt, 7)
    paint: Colour = (222, 222, 214)
    for x in (left + 0.25, right - 0.25):
        canvas.faces(_dashes(x, 0.14, 2, 90, 6.0, 6.0), paint)
    lane = rng.uniform(1.6, 2.1)
    for x in (-lane, -lane - 3.3):
        if x > left + 1:
            canvas.faces(_dashes(x, 0.14, 2 + rng.uniform(0, 4), 90, 3.0, 7.0), paint)
    if rng.random() < 0.3:
        z = rng.uniform(8, 22)
        xs = np.arange(left + 0.4, right - 0.6, 1.0)
        canvas.faces([flat_quad(x, x + 0.5, z, z + 3) for x in xs], paint)


def _dashes(
    x: float, wide: float, z0: float, z1: float, long: float, pitch: float
) -> NDArray[np.float64]:
    starts = np.arange(z0, z1, pitch)
    quad = np.array(flat_quad(x - wide / 2, x + wide / 2, 0, long))
    out: NDArray[np.float64] = quad[None] + np.array([0, 0, 1.0]) * starts[:, None, None]
    return out


def skyline(canvas: Canvas, rng: np.random.Generator, haze: Colour) -> None:
    """What closes the street far away: blocks of buildings and tree tops."""
    for _ in range(int(rng.integers(5, 10))):
        x, z = rng.uniform(-110, 110), rng.uniform(130, 220)
        w, h = rng.uniform(10, 30), rng.uniform(6, 26)
        green = rng.random() < 0.4
        own = (70, 104, 60) if green else pick(rng, *FACADES)
        mixed = [0.55 * a + 0.45 * b for a, b in zip(own, haze, strict=True)]
        quad = back_quad(x, x + w, 0, h, z)
        if green:
            t = np.linspace(0, np.pi, 12)
            quad = [[x + w / 2 + w * np.cos(a), 0.6 * h * np.sin(a), z] for a in t]
        canvas.area(quad, shade(mixed, 1.0), label=21 if green else 11, depth=z)


def row(canvas: Canvas, rng: np.random.Generator, street: Street, side: int) -> None:
    """One side of the street, from far to near: buildings, walls, fences, hedges, gaps."""
    cuts = [rng.uniform(-6, 1)]
    while cuts[-1] < 120:
        cuts.append(cuts[-1] + rng.uniform(8, 20))
    town = rng.uniform(0.2, 0.7)
    kinds = rng.choice(
        ["building", "wall", "fence", "hedge", "open"], len(cuts) - 1,
        p=[town, (1 - town) * 0.3, (1 - town) * 0.35, (1 - town) * 0.2, (1 - town) * 0.15],
    )  # fmt: skip
    x = street.edge[side]
    for kind, z0, z1 in reversed(list(zip(kinds, cuts[:-1], cuts[1:], strict=True))):
        near = max(z0, 1.2)
        if z1 <= near:
            continue
        make = {"building": _building, "wall": _wall, "fence": _fence, "hedge": _hedge}.get(kind)
        if make:
            make(canvas, rng, x, near, z1)


def _building(canvas: Canvas, rng: np.random.Generator, x: float, z0: float, z1: float) -> None:
    """A facade with rows of windows, and the gable that the gap before it shows."""
    skin = shade(pick(rng, *FACADES), rng.uniform(0.85, 1.1))
    floors = int(rng.integers(2, 7))
    high = floors * 3.2 + 0.8
    gable = back_quad(x, x + np.sign(x) * 14, 0, high, z0)
    canvas.area(gable, shade(skin, 0.72), label=11, depth=z0)
    canvas.area(side_quad(x, 0, high, z0, z1), skin, label=11, depth=z0)
    canvas.faces([side_quad(x, high - 0.35, high, z0, z1)], shade(skin, 0.7))
    pitch = rng.uniform(2.2, 3.2)
    starts = np.arange(z0 + 0.7, z1 - 1.3, pitch)
    panes = [side_quad(x, 1.1 + 3.2 * f, 2.7 + 3.2 * f, s, s + 1.2)
             for f in range(floors) for s in starts if f or rng.random() < 0.6]  # fmt: skip
    if panes:
        canvas.faces(panes, shade((62, 74, 92), rng.uniform(0.8, 1.5)))
        lit = [p for p in panes if rng.random() < 0.12]
        if lit:
            canvas.faces(lit, (236, 206, 130))
    if rng.random() < 0.4:
        canvas.faces([side_quad(x, 2.85, 3.2, z0, z1)], shade(skin, 1.25))


def _wall(canvas: Canvas, rng: np.random.Generator, x: float, z0: float, z1: float) -> None:
    """A brick garden wall with courses and a coping."""
    stone = pick(rng, (176, 88, 66), (150, 140, 128), (120, 116, 112))
    brick = shade(stone, rng.uniform(0.8, 1.1))
    high = rng.uniform(1.7, 2.6)
    canvas.area(side_quad(x, 0, high, z0, z1), brick, label=12, depth=z0)
    courses = [side_quad(x, y, y + 0.05, z0, z1) for y in np.arange(0.3, high - 0.2, 0.3)]
    canvas.faces(courses, shade(brick, 1.35))
    canvas.faces([side_quad(x, high - 0.14, high, z0, z1)], (200, 190, 176))


def _fence(canvas: Canvas, rng: np.random.Generator, x: float, z0: float, z1: float) -> None:
    """A paling fence: the whole area is fence in Cityscapes, though one sees through."""
    high = rng.uniform(1.3, 2.0)
    tone = pick(rng, (206, 196, 168), (96, 124, 104), (150, 112, 84), (112, 118, 124))
    canvas.area(side_quad(x, 0.0, high, z0, z1), shade(tone, 0.5), label=13, depth=z0)
    slats = np.arange(z0, z1 - 0.2, 0.45)
    canvas.faces([side_quad(x, 0.05, high, s, s + 0.22) for s in slats], tone)
    canvas.faces([side_quad(x, high * 0.75, high * 0.85, z0, z1)], shade(tone, 1.15))


def _hedge(canvas: Canvas, rng: np.random.Generator, x: float, z0: float, z1: float) -> None:
    """A wall of leaves with a ragged top."""
    leaf = pick(rng, (60, 106, 42), (50, 92, 50))
    z = np.linspace(z0, z1, 14)
    top = rng.uniform(1.8, 5.0) + rng.normal(0, 0.35, z.size)
    ridge = np.stack([np.full(z.size, x), top, z], axis=1)
    base = np.array([[x, 0, z1], [x, 0, z0]])
    gable = back_quad(x, x + np.sign(x) * 5, 0, float(top[0]), z0)
    canvas.area(gable, shade(leaf, 0.75), label=21, depth=z0)
    canvas.area(np.concatenate([ridge, base]), leaf, label=21, depth=z0)
