from __future__ import annotations

import numpy as np
import pytest

from bench.datasets.scenes import vehicles
from bench.datasets.scenes.canvas import Camera, Canvas


@pytest.mark.parametrize("oncoming", [True, False])
@pytest.mark.parametrize(
    ("name", "label"), [("car", 26), ("truck", 27), ("bus", 28), ("train", 31)]
)
def test_vehicle_is_one_instance_of_its_class(name: str, label: int, oncoming: bool) -> None:
    rng = np.random.default_rng(1)
    canvas = Canvas(Camera.draw(rng, 128, 256))
    getattr(vehicles, name)(canvas, rng, 0.5, 12.0, oncoming=oncoming)
    assert (canvas.labels == label).mean() > 0.005
    assert np.array_equal(canvas.instances == label * 1000, canvas.labels == label)
    assert set(np.unique(canvas.labels).tolist()) == {label, 23}
