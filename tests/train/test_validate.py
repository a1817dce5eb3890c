from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch

from bench.train import data
from bench.train.recipe import Recipe
from bench.train.validate import validate

RECIPE = Recipe("segformer-micro", height=32, width=64, validation_scenes=1)


class Fixed:
    """Says the same map for every image."""

    def __init__(self, logits):
        self.logits = logits

    def eval(self):
        return self

    def __call__(self, pixel_values):
        assert pixel_values.shape == (1, 3, 32, 64)
        return SimpleNamespace(logits=self.logits)


@pytest.fixture
def truth(tmp_path):
    _, labels = data.open_store(tmp_path, RECIPE, "val", 1)
    labels[:] = 0
    labels[:, :, 32:] = 1
    labels[:, :8] = data.IGNORE
    labels.flush()
    return tmp_path


def test_perfect_map_scores_one_whatever_it_says_in_void(truth):
    logits = torch.zeros(1, 19, 32, 64)
    logits[:, 0, :, :32] = 1
    logits[:, 1, :, 32:] = 1
    logits[:, 5, :8] = 9
    assert validate(Fixed(logits), RECIPE, truth) == pytest.approx(1.0)


def test_one_class_everywhere_scores_its_share_and_the_missed_class_nothing(truth):
    logits = torch.zeros(1, 19, 32, 64)
    logits[:, 0] = 1
    assert validate(Fixed(logits), RECIPE, truth) == pytest.approx((0.5 + 0.0) / 2)
