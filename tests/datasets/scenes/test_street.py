from __future__ import annotations

import numpy as np
import pytest

from bench.datasets.scenes import street
from bench.datasets.scenes.canvas import Camera, Canvas


def _painted(name: str, **more: object) -> Canvas:
    rng = np.random.default_rng(1)
    canvas = Canvas(Camera.draw(rng, 128, 256))
    getattr(street, name)(canvas, rng, 1.0, 8.0, **more)
    return canvas


@pytest.mark.parametrize(
    ("name", "label"),
    [("tree", 21), ("bush", 21), ("pole", 17), ("traffic_sign", 20), ("traffic_light", 19)],
)
def test_things_that_are_not_counted(name: str, label: int) -> None:
    canvas = _painted(name)
    assert (canvas.labels == label).any()
    assert canvas.instances.max() < 1000


def test_people_are_counted() -> None:
    canvas = _painted("person")
    assert np.array_equal(canvas.instances == 24_000, canvas.labels == 24)
    assert (canvas.labels == 24).any()


@pytest.mark.parametrize(("name", "label"), [("bicycle", 33), ("motorcycle", 32)])
def test_a_ridden_one_has_a_rider(name: str, label: int) -> None:
    assert {label, 25} <= set(np.unique(_painted(name, ridden=True).labels).tolist())
    parked = set(np.unique(_painted(name, ridden=False).labels).tolist())
    assert label in parked
    assert 25 not in parked
