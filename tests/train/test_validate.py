from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from transformers.models.mask2former import image_processing_pil_mask2former as theirs

from bench.train import data
from bench.train.recipe import Recipe
from bench.train.validate import draw, tally, validate

RECIPE = Recipe("segformer-micro", height=32, width=64, validation_scenes=1)


class Fixed:
    """Says the same map for every image."""

    def __init__(self, logits, **more):
        self.outputs = SimpleNamespace(logits=logits, **more)

    def eval(self):
        return self

    def __call__(self, pixel_values):
        assert pixel_values.shape == (1, 3, 32, 64)
        return self.outputs


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
    assert validate(Fixed(logits), RECIPE, truth) == {"miou": pytest.approx(1.0)}


def test_one_class_everywhere_scores_its_share_and_the_missed_class_nothing(truth):
    logits = torch.zeros(1, 19, 32, 64)
    logits[:, 0] = 1
    assert validate(Fixed(logits), RECIPE, truth) == {"miou": pytest.approx((0.5 + 0.0) / 2)}


def answer(seed):
    """Ten queries, some unsure of their class or of nothing, whose blobs overlap."""
    rng = torch.Generator().manual_seed(seed)
    names = torch.randn(1, 10, 20, generator=rng)
    names[0, torch.arange(10), torch.tensor([0, 2, 10, 13, 13, 13, 15, 11, 11, 19])] += 5
    owner = torch.randint(10, (4, 8), generator=rng)
    low = 6.0 * torch.nn.functional.one_hot(owner, 10).permute(2, 0, 1) - 3
    low = low + 6 * torch.randn(low.shape, generator=rng)
    return SimpleNamespace(class_queries_logits=names, masks_queries_logits=low[None])


def test_drawing_gives_the_segments_that_the_library_gives():
    drawn, kept = 0, 0
    for seed in range(8):
        out = answer(seed)
        scores, labels = out.class_queries_logits[0].softmax(-1).max(-1)
        up = torch.nn.functional.interpolate(out.masks_queries_logits, (32, 64), mode="bilinear")
        sure = theirs.remove_low_and_no_objects(up[0].sigmoid(), scores, labels, 0.5, 19)
        expected, segments = theirs.compute_segments(*sure, label_ids_to_fuse=set(range(11)))
        found = torch.from_numpy(draw(out, (32, 64)))
        # The library leaves 0 where nothing is drawn; every other id is one label of ours.
        assert ((expected == 0) == (found == data.IGNORE)).all()
        for s in segments:
            own = found[expected == s["id"]].unique()
            assert len(own) == 1
            assert own.item() & data.IGNORE == s["label_id"]
        assert len(found[found != data.IGNORE].unique()) == len(segments)
        drawn, kept = drawn + len(segments), kept + len(sure[0])
    assert 0 < drawn < kept


CAR, BUS, ROAD, VOID = 13, 15, 0, data.IGNORE


@pytest.mark.parametrize(
    ("truth", "found", "car", "road"),
    [
        ([ROAD, CAR + 256, CAR + 512], [ROAD, CAR + 1024, CAR + 768], (2, 2, 0, 0), (1, 1, 0, 0)),
        ([ROAD, CAR + 256, CAR + 512], [ROAD, CAR + 256, CAR + 256], (0, 0, 1, 2), (1, 1, 0, 0)),
        ([ROAD, CAR + 256, CAR + 256], [ROAD, ROAD, CAR + 256], (0, 0, 1, 1), (0, 0, 1, 1)),
        ([ROAD, CAR + 256, VOID], [ROAD, CAR + 256, CAR + 256], (1, 1, 0, 0), (1, 1, 0, 0)),
        ([ROAD, ROAD, VOID], [ROAD, ROAD, CAR + 256], (0, 0, 0, 0), (1, 1, 0, 0)),
        ([ROAD, CAR + 256, VOID], [VOID, BUS + 256, VOID], (0, 0, 0, 1), (0, 0, 0, 1)),
    ],
    ids=["numbers differ", "one blob", "half", "over void", "in void", "another class"],
)
def test_tally_counts_matches_by_the_usual_definition(truth, found, car, road):
    counts = np.zeros((19, 4))
    tally(counts, np.array([truth]), np.array([found]))
    assert tuple(counts[CAR]) == car
    assert tuple(counts[ROAD]) == road
    assert counts[BUS].tolist() == [0, 0, float(BUS + 256 in found), 0]


def test_panoptic_scores_of_a_model_that_draws_the_truth(truth):
    masks = torch.full((1, 2, 32, 64), -9.0)
    masks[:, 0, :, :32] = 9
    masks[:, 1, :, 32:] = 9
    names = torch.zeros(1, 2, 20)
    names[0, (0, 1), (0, 1)] = 9
    model = Fixed(None, class_queries_logits=names, masks_queries_logits=masks)
    recipe = replace(RECIPE, model="mask2former-micro-panoptic")
    found = validate(model, recipe, truth)
    assert (found["miou"], found["pq_stuff"]) == (pytest.approx(1), pytest.approx(1))
    assert found["pq_things"] == 0
