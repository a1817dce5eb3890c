"""Cars, trucks, buses and trains: hulls in metres with windows, wheels and lights on them."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.datasets.scenes.canvas import Canvas, Colour, back_quad, pick, shade, side_quad

GLASS: Colour = (52, 62, 76)
TYRE: Colour = (24, 24, 26)
CAR_COLOURS: tuple[Colour, ...] = (
    (176, 28, 32), (30, 62, 150), (200, 202, 206), (24, 26, 30), (110, 114, 120),
    (40, 110, 130), (214, 214, 196), (120, 30, 60), (70, 90, 140), (222, 226, 232),
)  # fmt: skip


def box(
    x: tuple[float, float], y: tuple[float, float], z: tuple[float, float]
) -> NDArray[np.float64]:
    """Corners, float64 (8, 3), of an axis-aligned box in metres."""
    return np.array([[a, b, c] for a in x for b in y for c in z])


def _wheel(x: float, z: float, radius: float) -> NDArray[np.float64]:
    t = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    return np.stack([np.full(12, x), radius + radius * np.sin(t), z + radius * np.cos(t)], axis=1)


def _wheels(
    solid: Callable[..., None], inner: float, places: Iterable[float], radius: float
) -> None:
    """Wheels of the inner side at some distances; the outer ones aren't seen."""
    for z in places:
        solid(np.concatenate([_wheel(inner, z, radius), _wheel(inner * 0.98, z, radius)]), TYRE)


def _pair(x: float, inner: float, outer: float, y0: float, y1: float, z: float) -> list[Any]:
    """Two rectangles across the street, mirrored at `x`."""
    return [back_quad(x - outer, x - inner, y0, y1, z), back_quad(x + inner, x + outer, y0, y1, z)]


def _placed(
    canvas: Canvas, x: float, z: float, wide: float, long: float, label: int
) -> tuple[float, float, float, float, Callable[..., None]]:
    """Both sides, the far end, the side that faces the camera, and how to paint a new instance."""
    x0, x1, z1 = x - wide / 2, x + wide / 2, z + long
    shadow = [[x0 - 0.15, 0, z - 0.3], [x1 + 0.15, 0, z - 0.3], [x1, 0, z1], [x0, 0, z1]]
    canvas.faces([shadow], (34, 34, 38))
    solid = partial(canvas.solid, label=label, instance=canvas.new_instance(label))
    return x0, x1, z1, x1 if x < 0 else x0, solid


def car(canvas: Canvas, rng: np.random.Generator, x: float, z: float, *, oncoming: bool) -> None:
    """A passenger car: body, cabin, glass, lights, wheels."""
    wide, long, high = rng.uniform(1.7, 1.9), rng.uniform(3.8, 4.7), rng.uniform(1.42, 1.65)
    paint = pick(rng, *CAR_COLOURS)
    belt = high * 0.58
    x0, x1, z1, inner, solid = _placed(canvas, x, z, wide, long, 26)
    _wheels(solid, inner, (z + 0.75, z1 - 0.8), 0.33)
    for wx in (x0, x1 - 0.24):
        solid(box((wx, wx + 0.24), (0, 0.4), (z + 0.3, z + 0.6)), TYRE)
    cabin = np.concatenate([
        box((x0 + 0.04, x1 - 0.04), (belt - 0.05, belt), (z + 0.2, z1 - 1.1)),
        box((x0 + 0.22, x1 - 0.22), (high - 0.02, high), (z + 0.65, z1 - 2.0)),
    ])
    solid(cabin, shade(paint, 0.9))
    solid(box((x0, x1), (0.26, belt), (z, z1)), shade(paint, 0.78))
    canvas.faces([back_quad(x0, x1, 0.26, belt, z)], paint)
    sign = 1.0 if inner > x else -1.0
    top = inner - sign * 0.2
    canvas.faces(
        [
            [[inner - sign * 0.05, belt, z + 0.55], [inner - sign * 0.05, belt, z1 - 2.0],
             [top, high - 0.1, z1 - 2.15], [top, high - 0.1, z + 0.85]],
            [[inner - sign * 0.05, belt, z1 - 1.9], [inner - sign * 0.05, belt, z1 - 1.3],
             [top, high - 0.1, z1 - 2.05], [top, high - 0.1, z1 - 2.1]],
        ],
        GLASS,
    )  # fmt: skip
    canvas.faces(
        [[[x0 + 0.16, belt + 0.02, z + 0.22], [x1 - 0.16, belt + 0.02, z + 0.22],
          [x1 - 0.32, high - 0.1, z + 0.6], [x0 + 0.32, high - 0.1, z + 0.6]]],
        shade(GLASS, rng.uniform(0.9, 1.5)),
    )  # fmt: skip
    lamp: Colour = (255, 246, 214) if oncoming else (226, 34, 26)
    lamps = ((x0 + 0.06, x0 + 0.4), (x1 - 0.4, x1 - 0.06))
    canvas.faces([back_quad(a, b, belt - 0.3, belt - 0.1, z) for a, b in lamps], lamp)
    canvas.faces([back_quad(x - 0.27, x + 0.27, 0.42, 0.56, z)], (226, 226, 220))
    canvas.faces([back_quad(x0 + 0.05, x1 - 0.05, 0.26, 0.36, z)], (40, 40, 44))


def truck(canvas: Canvas, rng: np.random.Generator, x: float, z: float, *, oncoming: bool) -> None:
    """A box truck: a ribbed load box with an orange-striped tail, and a cab in strong colour."""
    wide, long, high = rng.uniform(2.35, 2.55), rng.uniform(6.5, 9.5), rng.uniform(3.1, 3.9)
    cab = pick(rng, (210, 110, 20), (30, 90, 170), (180, 30, 30), (30, 120, 70))
    body = pick(rng, (232, 232, 228), (206, 208, 214), (196, 170, 60), (60, 96, 140), (150, 60, 50))
    x0, x1, z1, inner, solid = _placed(canvas, x, z, wide, long, 27)
    _wheels(solid, inner, (z + 1.2, z + 2.3, z1 - 1.3), 0.5)
    for wx in (x0 + 0.05, x1 - 0.4):
        solid(box((wx, wx + 0.35), (0, 0.7), (z + 0.2, z + 0.5)), TYRE)
    front, back = (z, z1 - 2.1) if not oncoming else (z + 2.1, z1)
    solid(box((x0, x1), (0.6, high), (front, back)), shade(body, 0.82))
    ribs = np.arange(front + 0.4, back - 0.2, 0.8)
    canvas.faces([side_quad(inner, 0.75, high - 0.1, r, r + 0.12) for r in ribs], shade(body, 0.6))
    cz0, cz1 = (z1 - 2.0, z1) if not oncoming else (z, z + 2.0)
    if oncoming:
        solid(box((x0 + 0.05, x1 - 0.05), (0.5, min(2.7, high)), (cz0, cz1)), shade(cab, 0.8))
        canvas.faces([back_quad(x0 + 0.05, x1 - 0.05, 0.5, min(2.7, high), z)], cab)
        canvas.faces([back_quad(x0 + 0.2, x1 - 0.2, 1.6, 2.45, z)], GLASS)
        canvas.faces([back_quad(x0 + 0.15, x0 + 0.5, 0.7, 0.95, z),
                      back_quad(x1 - 0.5, x1 - 0.15, 0.7, 0.95, z)], (255, 246, 214))  # fmt: skip
    else:
        canvas.faces([back_quad(x0, x1, 0.6, high, z)], body)
        canvas.faces([back_quad(x - 0.04, x + 0.04, 0.7, high - 0.1, z)], shade(body, 0.5))
        stripes = np.arange(x0 + 0.1, x1 - 0.25, 0.45)
        canvas.faces([back_quad(s, s + 0.22, 0.6, 0.95, z) for s in stripes], (224, 96, 20))
        canvas.faces([side_quad(inner, 0.5, 2.5, cz0, cz1)], cab)


def _coach(
    canvas: Canvas,
    x: float,
    z: float,
    size: tuple[float, float, float],
    skin: tuple[Colour, Colour],
    label: int,
    pane: float,
) -> float:
    """Body of a bus or train with a belt line and a row of panes; the x of its inner side."""
    wide, long, high = size
    paint, belt = skin
    x0, x1, z1, inner, solid = _placed(canvas, x, z, wide, long, label)
    solid(box((x0 + 0.05, x1 - 0.05), (0.05, 0.5), (z + 0.3, z1)), TYRE)
    solid(box((x0, x1), (0.34, high), (z, z1)), shade(paint, 0.8))
    canvas.faces([side_quad(inner, 0.36, 0.85, z, z1)], shade(belt, 0.85))
    starts = np.arange(z + 0.35, z1 - pane, pane + 0.3)
    canvas.faces([side_quad(inner, 1.25, high - 0.65, s, s + pane) for s in starts], GLASS)
    canvas.faces([back_quad(x0, x1, 0.34, high, z)], paint)
    canvas.faces([back_quad(x0, x1, 0.34, 0.8, z)], belt)
    canvas.faces([back_quad(x0 + 0.18, x1 - 0.18, 1.2, high - 0.75, z)], shade(GLASS, 1.15))
    return inner


def bus(canvas: Canvas, rng: np.random.Generator, x: float, z: float, *, oncoming: bool) -> None:
    """A city bus: one strong colour, an amber destination sign, round lamps."""
    paint = pick(rng, (222, 178, 24), (20, 122, 92), (24, 92, 176), (226, 224, 216), (176, 40, 44))
    high = rng.uniform(2.9, 3.3)
    wide = 2.5
    _coach(canvas, x, z, (wide, rng.uniform(9, 12), high), (paint, shade(paint, 0.55)), 28, 1.3)
    canvas.faces([back_quad(x - 0.85, x + 0.85, high - 0.55, high - 0.2, z)], (30, 24, 16))
    canvas.faces([back_quad(x - 0.7, x + 0.7, high - 0.48, high - 0.27, z)], (255, 176, 30))
    lamp: Colour = (255, 246, 214) if oncoming else (226, 34, 26)
    canvas.faces(_pair(x, 0.8, 1.15, 0.9, 1.12, z), lamp)
    for wx in (x - wide / 2, x + wide / 2 - 0.35):
        canvas.faces([back_quad(wx, wx + 0.35, 0.0, 0.45, z + 0.1)], TYRE)


def train(canvas: Canvas, rng: np.random.Generator, x: float, z: float, *, oncoming: bool) -> None:
    """A tram: long, white over red, a slanted nose, a pantograph on the roof."""
    high, wide = rng.uniform(3.3, 3.6), 2.5
    white = pick(rng, (238, 236, 230), (224, 196, 70), (120, 140, 160))
    red = pick(rng, (196, 24, 36), (150, 20, 90), (30, 80, 150))
    long = rng.uniform(20, 32)
    inner = _coach(canvas, x, z, (wide, long, high), (white, red), 31, 1.7)
    canvas.faces([side_quad(inner, high - 0.45, high - 0.15, z, z + long)], red)
    canvas.faces([back_quad(x - wide / 2, x + wide / 2, high - 0.45, high, z)], red)
    canvas.faces([back_quad(x - 0.14, x + 0.14, 0.75, 1.0, z)], (255, 246, 214))
    canvas.faces([back_quad(x - wide / 2, x + wide / 2, 0.34, 0.6, z)], (44, 44, 48))
    if oncoming:
        canvas.faces(_pair(x, 0.8, 1.1, 0.85, 1.05, z), (255, 250, 230))
