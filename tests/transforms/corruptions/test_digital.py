import numpy as np
import pytest

from bench.transforms.corruptions import digital

RAMP = np.linspace(0, 250, 120, dtype=np.uint8)[None, :, None].repeat(60, 0).repeat(3, 2)


def rng():
    return np.random.default_rng(0)


@pytest.mark.parametrize("level", [1, 2, 3, 4, 5])
def test_contrast_shrinks_about_the_mean(level):
    found = digital.contrast(RAMP, level, rng()).astype(float)
    assert found.mean() == pytest.approx(RAMP.mean(), abs=0.6)
    assert np.ptp(found) == pytest.approx(250 * digital.CONTRAST[level - 1], abs=1)


def test_pixels_become_blocks():
    found = digital.pixelate(RAMP, 5, rng())
    assert len(np.unique(found[0, :, 0])) == 30
    assert (found[:4] == found[0]).all()


def test_grey_stays_grey_without_saturation_and_colours_fade():
    assert np.abs(digital.saturate(RAMP, 2, rng()).astype(int) - RAMP).max() <= 1
    red = np.zeros((4, 4, 3), np.uint8)
    red[..., 0] = 200
    pale = digital.saturate(red, 2, rng())[0, 0].astype(int)
    assert pale[0] == 200
    assert pale[1] == pale[2] == pytest.approx(200 * (1 - digital.SATURATE[1][0]), abs=1)


def test_a_warp_moves_by_pixels_not_by_objects():
    ramp = np.tile(np.arange(0, 240, dtype=np.uint8)[:, None, None], (1, 480, 3))
    for level, most in ((1, 5), (5, 10)):
        moved = np.abs(
            digital.elastic_transform(ramp, level, rng())[16:-16].astype(int) - ramp[16:-16]
        )
        assert 0 < moved.max() <= most


def test_jpeg_keeps_the_picture():
    found = digital.jpeg_compression(RAMP, 1, rng()).astype(int)
    assert 0 < np.abs(found - RAMP).mean() < 6
