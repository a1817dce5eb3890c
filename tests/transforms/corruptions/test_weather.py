import numpy as np
import pytest

from bench.transforms.corruptions import weather

RAMP = np.linspace(0, 200, 128, dtype=np.uint8)[None, :, None].repeat(64, 0).repeat(3, 2)


def rng():
    return np.random.default_rng(0)


def test_snow_whitens_and_fog_hides():
    snowy = weather.snow(RAMP, 3, rng())
    assert snowy.mean() > RAMP.mean()
    foggy = weather.fog(RAMP, 5, rng())
    # Contrast of neighbouring halves shrinks by max / (max + thickness).
    before = RAMP[:, 64:].mean() - RAMP[:, :64].mean()
    left = 200 / 255 / (200 / 255 + 3)
    plain = weather.fog(np.zeros_like(RAMP) + RAMP[:, :1] + 200, 5, rng()).astype(float)
    assert foggy.max() <= 200
    assert (foggy - plain)[:, 64:].mean() - (foggy - plain)[:, :64].mean() == pytest.approx(
        before * left, rel=0.02
    )


def test_frost_brightens_towards_bluish_white():
    iced = weather.frost(np.zeros_like(RAMP), 1, rng()).astype(float)
    assert iced.mean() > 20
    assert iced[..., 2].mean() > iced[..., 0].mean()


@pytest.mark.parametrize("level", [1, 5])
def test_brightness_adds_to_the_value(level):
    found = weather.brightness(RAMP, level, rng()).astype(int)
    added = 255 * weather.BRIGHTNESS[level - 1]
    expected = np.minimum(RAMP + added, 255)
    assert np.abs(found - expected).max() <= 1


def test_water_brightens_and_mud_covers():
    dark = np.full((128, 256, 3), 30, np.uint8)
    wet = weather.spatter(dark, 3, rng())
    assert (wet >= dark).all()
    assert wet.mean() > dark.mean()
    muddy = weather.spatter(np.full_like(dark, 250), 5, rng())
    covered = muddy[..., 0] < 200
    assert 0.01 < covered.mean() < 0.6
