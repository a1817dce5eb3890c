import numpy as np
import pytest

from bench import registry
from bench.datasets.scenes.layout import compose
from bench.errors import BadInput, UnknownName
from bench.transforms.corruptions.base import corrupted, plasma, streaked

NAMES = tuple(registry.TABLE["corruption"])
SCENE = compose((0, 2, 3), 96, 192).image


def distance(image):
    return float(np.abs(image.astype(float) - SCENE).mean())


@pytest.mark.parametrize("name", NAMES)
def test_same_seed_same_bytes_whatever_came_before(name):
    first = corrupted(SCENE, f"{name}/3", 0, "a")
    before = SCENE.copy()
    corrupted(SCENE, f"{name}/5", 1, "b")
    again = corrupted(SCENE, f"{name}/3", 0, "a")
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(before, SCENE)
    assert first.dtype == np.uint8
    assert first.shape == SCENE.shape


@pytest.mark.parametrize("name", NAMES)
def test_level_five_is_worse_than_level_one_and_that_is_not_nothing(name):
    low, high = (
        np.mean([distance(corrupted(SCENE, f"{name}/{level}", 0, f"i{i}")) for i in range(3)])
        for level in (1, 5)
    )
    assert low > 0
    # Frost and fog darken as they thicken, so their distance may stay.
    assert high > (0.6 if name in {"frost", "fog"} else 1.02) * low


RANDOM = (
    "gaussian_noise", "shot_noise", "impulse_noise", "speckle_noise", "glass_blur", "motion_blur",
    "snow", "frost", "fog", "spatter", "elastic_transform",
)  # fmt: skip


@pytest.mark.parametrize("name", RANDOM)
def test_another_image_level_or_seed_draws_other_numbers(name):
    one = corrupted(SCENE, f"{name}/4", 0, "a")
    assert not np.array_equal(one, corrupted(SCENE, f"{name}/4", 0, "b"))
    assert not np.array_equal(one, corrupted(SCENE, f"{name}/4", 1, "a"))


@pytest.mark.parametrize("name", sorted(set(NAMES) - set(RANDOM)))
def test_the_others_draw_none(name):
    one, two = (corrupted(SCENE, f"{name}/4", 0, image) for image in "ab")
    np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("shape", [(7, 5, 3), (33, 129, 3), (64, 64, 3)])
def test_any_size_and_plain_images(name, shape):
    for value in (0, 255):
        found = corrupted(np.full(shape, value, np.uint8), f"{name}/5", 0, "a")
        assert found.shape == shape


def test_nothing_asked_nothing_done():
    assert corrupted(SCENE, "", 0, "a") is SCENE


def test_names_and_levels_are_checked():
    for wrong in ("fog", "fog/0", "fog/6", "fog/high"):
        with pytest.raises(BadInput, match="no level from 1 to 5"):
            corrupted(SCENE, wrong, 0, "a")
    with pytest.raises(UnknownName, match="'fog'"):
        corrupted(SCENE, "fogg/1", 0, "a")


def test_clouds_fill_their_range_and_decay_smooths_them():
    rough, smooth = (plasma((60, 100), d, np.random.default_rng(1)) for d in (1.2, 2.0))
    for clouds in (rough, smooth):
        assert clouds.shape == (60, 100)
        assert clouds.min() >= 0
        assert clouds.max() <= 1
    assert np.abs(np.diff(rough)).mean() > 3 * np.abs(np.diff(smooth)).mean()


def test_a_streak_goes_one_way_and_keeps_the_light():
    dot = np.zeros((41, 41), np.float32)
    dot[20, 20] = 1
    for angle, axis in ((0, 1), (-90, 0)):
        found = streaked(dot, 5, 3, angle)
        assert found.sum() == pytest.approx(1, abs=1e-5)
        rows, columns = np.nonzero(found > 1e-7)
        assert len(np.unique((rows, columns)[1 - axis])) == 1
        assert len(np.unique((rows, columns)[axis])) == 11
