"""A pinhole camera over a street, and the parallel canvases that it paints.

Everything in a scene is placed in metres: `x` to the right of the street's centre line, which may
bend, `y` up from the road, `z` ahead of the camera. A polygon is painted into colour, label,
instance and depth at once, so that the label maps agree with the picture.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Self

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

Colour = tuple[int, int, int]
Point = tuple[float, float]

NEAR_M = 1.0
"""Nothing is projected from nearer than this, in metres."""
FAR_M = 400.0
"""The depth of the sky, in metres."""
_SHIFT = 4
"""Fractional bits that OpenCV keeps of a vertex."""


@dataclass(frozen=True)
class Camera:
    """A pinhole camera: pixel (u, v) of a point (x, y, z) in metres."""

    height: int
    width: int
    focal: float
    horizon: float
    above_road: float
    roll: float
    bend: float
    """Lateral offset of the street's centre line, in 1/metre: `bend * z ** 2`."""

    @classmethod
    def draw(cls, rng: np.random.Generator, height: int, width: int) -> Self:
        """Camera with a random focal length, horizon, height, roll and street bend."""
        return cls(
            height=height,
            width=width,
            focal=width * rng.uniform(0.72, 1.05),
            horizon=height * rng.uniform(0.40, 0.50),
            above_road=rng.uniform(1.25, 1.75),
            roll=rng.normal(0.0, 0.012),
            bend=rng.normal(0.0, 0.0007),
        )

    def project(self, points: ArrayLike) -> NDArray[np.float64]:
        """Pixels, float64 (..., 2), of points in metres (..., 3)."""
        p = np.asarray(points, dtype=np.float64)
        z = np.maximum(p[..., 2], NEAR_M)
        x = p[..., 0] + self.bend * np.minimum(z, 120.0) ** 2
        u = self.focal * x / z
        v = self.focal * (self.above_road - p[..., 1]) / z
        cos, sin = np.cos(self.roll), np.sin(self.roll)
        return np.stack(
            [self.width / 2 + cos * u - sin * v, self.horizon + sin * u + cos * v], axis=-1
        )


class Canvas:
    """Colour, label, instance and depth of one scene, painted from far to near over an empty sky."""

    def __init__(self, camera: Camera, supersample: int = 2) -> None:
        h, w, s = camera.height, camera.width, supersample
        self.camera, self.supersample = camera, supersample
        self.colour = np.zeros((h * s, w * s, 3), np.uint8)
        self.labels = np.full((h, w), 23, np.uint8)
        self.instances = np.full((h, w), 23, np.int32)
        self.depth = np.full((h, w), FAR_M, np.float32)
        self._count: defaultdict[int, Iterator[int]] = defaultdict(count)

    def new_instance(self, label: int) -> int:
        """Instance id by the Cityscapes rule: `labelId * 1000 + count`."""
        return label * 1000 + next(self._count[label])

    def paint(
        self,
        pixels: Sequence[NDArray[np.float64]],
        colour: Colour,
        *,
        label: int | None = None,
        instance: int | None = None,
        depth: float = FAR_M,
    ) -> None:
        """Fill polygons given in pixels; without a label only the colour changes (a detail)."""
        polys = [_fixed(p, self.supersample) for p in pixels]
        cv2.fillPoly(self.colour, polys, colour, shift=_SHIFT)
        if label is None:
            return
        polys = [_fixed(p, 1) for p in pixels]
        cv2.fillPoly(self.labels, polys, label, shift=_SHIFT)
        cv2.fillPoly(self.instances, polys, label if instance is None else instance, shift=_SHIFT)
        cv2.fillPoly(self.depth, polys, depth, shift=_SHIFT)

    def area(self, points: ArrayLike, colour: Colour, *, label: int, depth: float) -> None:
        """Paint a polygon given in metres (n, 3)."""
        self.paint([self.camera.project(points)], colour, label=label, depth=depth)

    def faces(self, quads: ArrayLike, colour: Colour) -> None:
        """Paint details: polygons in metres (n, k, 3), colour only, all in one call."""
        self.paint(list(self.camera.project(quads)), colour)

    def solid(self, points: ArrayLike, colour: Colour, *, label: int, instance: int) -> None:
        """Paint the silhouette (convex hull) of a solid given by points in metres (n, 3)."""
        p = np.asarray(points, dtype=np.float64)
        hull = cv2.convexHull(self.camera.project(p).astype(np.float32))[:, 0, :].astype(np.float64)
        self.paint([hull], colour, label=label, instance=instance, depth=float(p[:, 2].min()))


@dataclass(frozen=True)
class Board:
    """An upright board facing the camera at (x, z): shapes in local metres, origin at its foot."""

    canvas: Canvas
    x: float
    z: float
    label: int
    instance: int | None = None
    mirror: float = 1.0

    def _pixels(self, points: ArrayLike) -> NDArray[np.float64]:
        local = np.asarray(points, dtype=np.float64)
        x, y = self.x + self.mirror * local[..., 0], local[..., 1]
        world = np.stack([x, y, np.full_like(y, self.z)], axis=-1)
        return self.canvas.camera.project(world)

    def shape(self, points: ArrayLike, colour: Colour, *, detail: bool = False) -> None:
        """Fill a polygon (n, 2) in local metres; a `detail` leaves the labels alone."""
        label = None if detail else self.label
        self.canvas.paint(
            [self._pixels(points)], colour, label=label, instance=self.instance, depth=self.z
        )

    def disc(
        self, x: float, y: float, rx: float, ry: float, colour: Colour, *, detail: bool = False
    ) -> None:
        """Fill an ellipse in local metres."""
        t = np.linspace(0.0, 2 * np.pi, 18, endpoint=False)
        rim = np.stack([x + rx * np.cos(t), y + ry * np.sin(t)], axis=1)
        self.shape(rim, colour, detail=detail)

    def bar(
        self, start: Point, end: Point, width: float, colour: Colour, *, detail: bool = False
    ) -> None:
        """Fill a straight bar of the given width in local metres."""
        a, b = np.asarray(start), np.asarray(end)
        along = (b - a) / max(float(np.hypot(*(b - a))), 1e-6)
        side = np.array([-along[1], along[0]]) * width / 2
        self.shape([a + side, b + side, b - side, a - side], colour, detail=detail)


def flat_quad(x0: float, x1: float, z0: float, z1: float) -> list[list[float]]:
    """Rectangle on the ground, corners in metres."""
    return [[x0, 0, z0], [x1, 0, z0], [x1, 0, z1], [x0, 0, z1]]


def side_quad(x: float, y0: float, y1: float, z0: float, z1: float) -> list[list[float]]:
    """Upright rectangle along the street."""
    return [[x, y0, z0], [x, y0, z1], [x, y1, z1], [x, y1, z0]]


def back_quad(x0: float, x1: float, y0: float, y1: float, z: float) -> list[list[float]]:
    """Upright rectangle across the street."""
    return [[x0, y0, z], [x1, y0, z], [x1, y1, z], [x0, y1, z]]


def pick(rng: np.random.Generator, *colours: Colour) -> Colour:
    """One of the colours, drawn."""
    return colours[rng.integers(len(colours))]


def shade(colour: Sequence[float], factor: float) -> Colour:
    """Colour, RGB 0..255, made lighter or darker."""
    r, g, b = (int(min(255, max(0, c * factor))) for c in colour[:3])
    return r, g, b


def _fixed(pixels: NDArray[np.float64], scale: int) -> NDArray[np.int32]:
    """Vertices in OpenCV's fixed point; centres of pixels lie at integers there."""
    p = (pixels * scale - 0.5) * (1 << _SHIFT)
    return np.clip(p, -(2**19), 2**19).astype(np.int32)
