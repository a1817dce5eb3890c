from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bench.datasets.scenes.canvas import Camera, Canvas
from bench.datasets.scenes.finish import _bank, _mirror, _noise, draw_weather, finish


@given(st.integers(0, 10_000))
def test_mirror_has_no_seam(start: int) -> None:
    index = _mirror(np.arange(start, start + 1200))
    assert index.min() >= 0
    assert index.max() < 512
    assert np.abs(np.diff(index)).max() <= 1


def test_bank_has_unit_variance() -> None:
    bank = _bank()
    assert np.allclose(bank.mean(axis=(1, 2)), 0, atol=1e-4)
    assert np.allclose(bank.std(axis=(1, 2)), 1, atol=1e-4)


def test_noise_covers_images_larger_than_the_bank() -> None:
    assert _noise(np.random.default_rng(0), 700, 1400).shape == (3, 700, 1400)


def test_every_weather_is_drawn() -> None:
    rng = np.random.default_rng(0)
    drawn = [draw_weather(rng) for _ in range(200)]
    assert len({weather.zenith for weather in drawn}) == 5
    assert {weather.rain for weather in drawn} == {False, True}


def test_finish_leaves_labels_alone() -> None:
    rng = np.random.default_rng(0)
    canvas = Canvas(Camera.draw(rng, 64, 128))
    before = canvas.labels.copy()
    image = finish(canvas, rng, draw_weather(rng))
    assert image.shape == (64, 128, 3)
    assert image.dtype == np.uint8
    assert np.array_equal(canvas.labels, before)
