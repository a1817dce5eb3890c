from __future__ import annotations

import numpy as np
import pytest

from bench.datasets.scenes import backdrop
from bench.datasets.scenes.canvas import Camera, Canvas


@pytest.mark.parametrize("seed", range(5))
def test_bands_lie_outwards_in_order(seed: int) -> None:
    street = backdrop.Street.draw(np.random.default_rng(seed))
    for side in (-1, 1):
        kerb, walk, edge = (side * f[side] for f in (street.kerb, street.walk, street.edge))
        assert 0 < kerb < walk <= edge


def test_ground_is_road_walk_and_terrain() -> None:
    rng = np.random.default_rng(3)
    canvas = Canvas(Camera.draw(rng, 64, 128))
    backdrop.ground(canvas, rng, backdrop.Street({-1: -6, 1: 4}, {-1: -9, 1: 7}, {-1: -11, 1: 9}))
    assert {7, 8, 22} <= set(np.unique(canvas.labels).tolist())


def test_rows_bring_buildings_walls_and_fences() -> None:
    rng = np.random.default_rng(3)
    found: set[int] = set()
    for _ in range(6):
        canvas = Canvas(Camera.draw(rng, 64, 128))
        for side in (-1, 1):
            backdrop.row(canvas, rng, backdrop.Street.draw(rng), side)
        found |= set(np.unique(canvas.labels).tolist())
    assert {11, 12, 13, 21} <= found
