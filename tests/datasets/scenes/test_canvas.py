from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.datasets.scenes.canvas import Camera, Canvas

CAMERA = Camera(height=64, width=128, focal=100.0, horizon=28.0, above_road=1.5, roll=0.0, bend=0.0)


@given(x=st.floats(-20, 20), y=st.floats(0, 10), z=st.floats(1, 200))
def test_pinhole(x: float, y: float, z: float) -> None:
    u, v = CAMERA.project([x, y, z])
    assert u == pytest.approx(64 + 100 * x / z)
    assert v == pytest.approx(28 + 100 * (1.5 - y) / z)


def test_far_points_meet_at_the_horizon() -> None:
    assert CAMERA.project([0.0, 0.0, 1e9])[1] == pytest.approx(28.0)


def test_label_instance_and_depth_share_one_outline() -> None:
    canvas = Canvas(CAMERA)
    instance = canvas.new_instance(26)
    quad = [[-2, 0, 10], [2, 0, 10], [2, 2, 10], [-2, 2, 10]]
    canvas.paint([CAMERA.project(quad)], (1, 2, 3), label=26, instance=instance, depth=10.0)
    inside = canvas.labels == 26
    assert inside.any()
    assert np.array_equal(inside, canvas.instances == 26_000)
    assert np.array_equal(inside, canvas.depth == 10.0)


def test_details_change_colour_only() -> None:
    canvas = Canvas(CAMERA)
    labels = canvas.labels.copy()
    canvas.faces([[[-2, 0, 5], [2, 0, 5], [2, 2, 5], [-2, 2, 5]]], (9, 9, 9))
    assert (canvas.colour == 9).any()
    assert np.array_equal(canvas.labels, labels)


def test_instances_count_by_label() -> None:
    canvas = Canvas(CAMERA)
    found = [canvas.new_instance(n) for n in (26, 24, 26, 26)]
    assert found == [26_000, 24_000, 26_001, 26_002]
