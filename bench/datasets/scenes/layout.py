"""A whole street scene from a seed: where everything stands, and in which order it is painted."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bench.datasets.scenes import backdrop, street, vehicles
from bench.datasets.scenes.canvas import Camera, Canvas
from bench.datasets.scenes.finish import draw_weather, finish

Thing = tuple[float, Callable[[], None]]

RARE = ("truck", "bus", "train", "motorcycle", "bicycle", "rider", "person", "light", "sign")


class Scene(NamedTuple):
    """One scene: RGB photograph uint8 (H, W, 3), labelIds uint8 (H, W), instanceIds int32."""

    image: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    instances: NDArray[np.int32]


def compose(seed: tuple[int, ...], height: int, width: int) -> Scene:
    """The scene of a seed; the same seed and size give the same bytes."""
    rng = np.random.default_rng(seed)
    camera = Camera.draw(rng, height, width)
    canvas = Canvas(camera, supersample=2 if width <= 1024 else 1)
    weather = draw_weather(rng)
    band = backdrop.Street.draw(rng)
    backdrop.sky(canvas, rng, weather.zenith, weather.haze)
    backdrop.ground(canvas, rng, band)
    backdrop.skyline(canvas, rng, weather.haze)
    for side in (-1, 1):
        backdrop.row(canvas, rng, band, side)
    things = [thing for draw in (_traffic, _roadside, _rare) for thing in draw(canvas, rng, band)]
    for _, paint in sorted(things, key=lambda t: -t[0]):
        paint()
    _hood(canvas, rng)
    return Scene(finish(canvas, rng, weather), canvas.labels, canvas.instances)


def _traffic(canvas: Canvas, rng: np.random.Generator, band: backdrop.Street) -> list[Thing]:
    """Moving and parked cars, a lorry, bus or tram among them."""
    out: list[Thing] = []
    makers = (vehicles.car, vehicles.truck, vehicles.bus, vehicles.train)
    for lane, oncoming in ((max(-3.4, 3.1 + band.kerb[-1]), True), (0.3, False)):
        z = rng.uniform(7, 22) if oncoming else rng.uniform(11, 30)
        while z < 90:
            make = makers[rng.choice(4, p=[0.86, 0.06, 0.05, 0.03])]
            x = lane + rng.normal(0, 0.2)
            out.append((z, partial(make, canvas, rng, x, z, oncoming=oncoming)))
            z += rng.uniform(16, 45)
    for side in (-1, 1):
        if rng.random() < 0.5:
            x, z = band.kerb[side] - side * 1.05, rng.uniform(5, 14)
            while z < 60:
                if rng.random() < 0.7:
                    out.append((z, partial(vehicles.car, canvas, rng, x, z, oncoming=side < 0)))
                z += rng.uniform(5.6, 9)
    return out


def _roadside(canvas: Canvas, rng: np.random.Generator, band: backdrop.Street) -> list[Thing]:
    """Trees, bushes, poles, lights, signs, people and litter bins along the walks."""
    out: list[Thing] = []
    for side in (-1, 1):
        walk, kerb, edge = band.walk[side], band.kerb[side], band.edge[side]
        near = kerb + side * 0.6
        for make, gap, x in (
            (street.tree, 14, walk - side * 0.3),
            (street.pole, 17, near),
            (street.bush, 22, edge - side * 0.4),
            (street.traffic_sign, 30, near),
            (street.traffic_light, 42, near),
            (street.street_furniture, 34, walk - side * 0.5),
        ):
            if make is street.tree and rng.random() < 0.45:
                continue
            z = rng.uniform(4, 4 + gap)
            while z < 80:
                out.append((z, partial(make, canvas, rng, x + rng.normal(0, 0.15), z)))
                z += rng.uniform(0.6, 1.5) * gap
        for _ in range(int(rng.poisson(2.2))):
            z = rng.uniform(5, 45)
            low, high = sorted((kerb + side * 0.4, walk))
            out.append((z, partial(street.person, canvas, rng, rng.uniform(low, high), z)))
        if rng.random() < 0.3:
            z = rng.uniform(5, 25)
            out.append((z, partial(street.bicycle, canvas, rng, near, z, ridden=False)))
    return out


def _rare(canvas: Canvas, rng: np.random.Generator, band: backdrop.Street) -> list[Thing]:
    """One to three of the rare classes, near enough to matter, so that no class is absent."""
    out: list[Thing] = []
    left, right = band.kerb.values()
    for kind in rng.choice(RARE, int(rng.integers(1, 4)), replace=False):
        side = int(rng.choice([-1, 1]))
        near = band.kerb[side] + side * 0.7
        lane, oncoming = ((max(-3.4, 3.1 + band.kerb[-1]), True), (0.4, False))[rng.integers(2)]
        z = rng.uniform(7, 20)
        make: Callable[..., None]
        if kind in {"truck", "bus", "train"}:
            x, z, make = lane, z + 2, partial(getattr(vehicles, kind), oncoming=oncoming)
        elif kind in {"motorcycle", "bicycle"}:
            x = rng.uniform(left + 0.6, right - 0.6)
            make = partial(getattr(street, kind), ridden=rng.random() < 0.4)
        elif kind == "rider":
            make = partial((street.bicycle, street.motorcycle)[rng.integers(2)], ridden=True)
            x = rng.uniform(left + 0.6, right - 0.6)
        elif kind == "person":
            x, make = rng.uniform(left, right + 1), street.person
        else:
            x, make = near, street.traffic_light if kind == "light" else street.traffic_sign
        out.append((z, partial(make, canvas, rng, x, z)))
    return out


def _hood(canvas: Canvas, rng: np.random.Generator) -> None:
    """The bonnet of our own car: void (ego vehicle)."""
    h, w = canvas.camera.height, canvas.camera.width
    top = h * rng.uniform(0.93, 0.97)
    t = np.linspace(-1, 1, 16)
    arc = np.stack([w / 2 + t * w * 0.62, top + (h * 0.07) * t**2], axis=1)
    poly = np.concatenate([arc, [[w * 1.2, h * 1.1], [-w * 0.2, h * 1.1]]])
    canvas.paint([poly], (46, 48, 54), label=1, depth=1.0)
    shine = np.concatenate([arc[4:12], arc[4:12][::-1] + np.array([0, h * 0.012])])
    canvas.paint([shine], (92, 96, 104))
