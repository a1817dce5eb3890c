import numpy as np
import pytest

from bench.transforms.corruptions import noise

GREY = np.full((200, 200, 3), 100, np.uint8)


def rng():
    return np.random.default_rng(0)


@pytest.mark.parametrize("level", [1, 2, 3, 4, 5])
def test_photons_are_poisson(level):
    """Mean and variance of counts, against numpy's own generator."""
    photons = noise.SHOT[level - 1]
    found = noise.shot_noise(GREY, level, rng()).astype(float)
    drawn = rng().poisson(100 / 255 * photons, 400_000)
    expected = np.clip(np.rint(drawn * 255 / photons), 0, 255)
    assert found.mean() == pytest.approx(expected.mean(), rel=0.01)
    assert found.std() == pytest.approx(expected.std(), rel=0.02)
    assert set(np.unique(found)) <= set(
        np.unique(np.minimum(np.rint(np.arange(500) * 255 / photons), 255))
    )


def test_black_has_no_photons():
    assert noise.shot_noise(np.zeros((50, 50, 3), np.uint8), 5, rng()).max() == 0


@pytest.mark.parametrize("level", [1, 5])
def test_deviations_are_those_of_the_table(level):
    gauss = noise.gaussian_noise(GREY, level, rng()).astype(float) - 100
    if level == 1:  # at level 5 it is clipped
        assert gauss.std() == pytest.approx(255 * noise.GAUSSIAN[0], rel=0.02)
    lost = noise.impulse_noise(GREY, level, rng())
    share = noise.IMPULSE[level - 1]
    assert np.mean(lost != 100) == pytest.approx(share, rel=0.03)
    assert np.mean(lost == 0) == pytest.approx(share / 2, rel=0.05)
    speckle = noise.speckle_noise(GREY, 1, rng()).astype(float)
    assert speckle.std() == pytest.approx(100 * noise.SPECKLE[0], rel=0.02)
