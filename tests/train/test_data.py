from __future__ import annotations

import numpy as np
import pytest

from bench.train import data
from bench.train.recipe import Recipe

RECIPE = Recipe("segformer-micro", height=64, width=128, pixels_per_step=2 * 32 * 64)


@pytest.fixture(scope="module")
def arrays(tmp_path_factory):
    folder = tmp_path_factory.mktemp("store")
    for part in (0, 1):
        data.store(folder, RECIPE, "train", 3, part, 2)
    return data.open_store(folder, RECIPE, "train", 3)


def test_parts_fill_every_scene_with_train_ids(arrays):
    images, labels = arrays
    assert images.shape == (3, 64, 128, 3)
    assert all(image.std() > 0 for image in images)
    names, numbers = labels & data.IGNORE, labels >> 8
    assert set(np.unique(names)) <= {*range(19), data.IGNORE}
    assert (names == data.IGNORE).mean() < 0.5
    things = (names >= 11) & (names < 19)
    np.testing.assert_array_equal(numbers > 0, things)
    for scene, number in zip(names, numbers, strict=True):
        assert all(len(np.unique(scene[number == n])) == 1 for n in range(1, number.max() + 1))


@pytest.mark.parametrize(("whole", "shape"), [(False, (2, 3, 32, 64)), (True, (1, 3, 64, 128))])
def test_batch_holds_as_many_pixels_as_the_recipe_says(arrays, whole, shape):
    x, y = data.batch(*arrays, np.random.default_rng(0), RECIPE, whole=whole)
    assert x.shape == shape
    assert y.shape == (shape[0], *shape[2:])
    assert x.dtype == np.float32
    assert y.dtype == np.int64
    assert x.min() >= 0
    assert x.max() <= 1


def test_batch_is_the_same_for_the_same_generator(arrays):
    first, second = (
        data.batch(*arrays, np.random.default_rng(5), RECIPE, whole=False) for _ in range(2)
    )
    np.testing.assert_array_equal(first[0], second[0])
    np.testing.assert_array_equal(first[1], second[1])
