from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch

from bench.models.micro import NUM_LABELS, SLOTS
from bench.train.data import IGNORE
from bench.train.panoptic import BOUND, match, panoptic_loss

ROAD, CAR = 0, 13
QUERIES = len(BOUND)
CARS = (BOUND == CAR).nonzero()[:, 0]
WEIGHT = torch.ones(NUM_LABELS)


def scene():
    """Road with a car on the left and one on the right, int64 (1, 64, 128)."""
    y = torch.full((1, 64, 128), ROAD)
    y[:, 16:48, 8:40] = CAR + (1 << 8)
    y[:, 16:48, 88:120] = CAR + (2 << 8)
    return y


def names(queries):
    """Class logits, float32 (1, Q, 20): these queries draw, the others don't."""
    logits = torch.zeros(1, QUERIES, NUM_LABELS + 1)
    logits[0, torch.arange(QUERIES), NUM_LABELS] = 8.0
    logits[0, queries, NUM_LABELS] = 0.0
    logits[0, queries, BOUND[queries]] = 8.0
    return logits


def outputs(masks, *, shift=0):
    """A model that draws these masks, a table of query to bool (16, 32), moved to the right."""
    logits = torch.full((1, QUERIES, 16, 32), -8.0)
    for query, mask in masks.items():
        logits[0, query][mask.roll(shift, 1)] = 8.0
    return SimpleNamespace(
        pixel_decoder_last_hidden_state=torch.zeros(1, NUM_LABELS, 16, 32),
        auxiliary_logits=[],
        class_queries_logits=names(torch.tensor(list(masks))),
        masks_queries_logits=logits,
    )


def loss(y, **masks):
    shift = masks.pop("shift", 0)
    found = {int(k.removeprefix("q")): m for k, m in masks.items()}
    return float(panoptic_loss(outputs(found, shift=shift), torch.nn.Identity(), y, WEIGHT))


def parts(y):
    coarse = y[0, 2::4, 2::4]
    return [coarse == code for code in (ROAD, CAR + (1 << 8), CAR + (2 << 8))]


def test_perfect_masks_cost_less_than_shifted_ones_and_two_cars_less_than_one_blob():
    road, left, right = parts(scene())
    first, last = int(CARS[0]), int(CARS[-1])
    drawn = {f"q{ROAD}": road, f"q{first}": left, f"q{last}": right}
    perfect = loss(scene(), **drawn)
    assert perfect < loss(scene(), **drawn, shift=2) < loss(scene(), **drawn, shift=6)
    assert perfect < loss(scene(), **{f"q{ROAD}": road, f"q{first}": left | right})


@pytest.mark.parametrize("crumb", [IGNORE, CAR + (3 << 8)])
def test_void_and_tiny_instances_cost_nothing(crumb):
    y = scene()
    y[:, 4:8, 60:64] = crumb
    road, left, right = parts(scene())
    drawn = {f"q{ROAD}": road, f"q{int(CARS[0])}": left, f"q{int(CARS[-1])}": right}
    whole = outputs({int(k[1:]): m for k, m in drawn.items()})
    torn = SimpleNamespace(**vars(whole))
    torn.masks_queries_logits = whole.masks_queries_logits.clone()
    torn.masks_queries_logits[0, :, 1, 15] = -8.0
    torn.masks_queries_logits[0, CARS[3], 1, 15] = 8.0
    head = torch.nn.Identity()
    same = [float(panoptic_loss(o, head, y, WEIGHT)) for o in (whole, torn)]
    assert same[0] == pytest.approx(same[1])
    assert float(panoptic_loss(torn, head, scene(), WEIGHT)) > same[0]


def test_match_follows_masks_within_the_class_and_places_without_any():
    segments = torch.stack(parts(scene()))
    codes = torch.tensor([ROAD, CAR, CAR])
    masks = torch.full((QUERIES, 16, 32), -8.0)
    none = names(torch.tensor([], dtype=torch.long))[0]
    assert match(codes, segments, none, masks)[0].tolist() == [0, 1, 2]
    road, left, right = match(codes, segments, none, masks)[1].tolist()
    assert road == ROAD
    assert left in CARS
    assert left < right
    masks[CARS[5]][segments[1]] = 8.0
    masks[CARS[6]][segments[2]] = 8.0
    assert match(codes, segments, none, masks)[1].tolist() == [ROAD, CARS[5], CARS[6]]
    # A query of another class never draws it, whatever its mask says.
    masks[ROAD][segments[1]] = 8.0
    assert match(codes, segments, none, masks)[1].tolist() == [ROAD, CARS[5], CARS[6]]


def test_class_with_more_instances_than_queries_leaves_some_out():
    many = SLOTS[CAR] + 3
    segments = torch.zeros(many, 16, 32, dtype=torch.bool)
    for k in range(many):
        segments[k, :, k] = True
    masks = torch.zeros(QUERIES, 16, 32)
    logits = names(CARS)[0]
    segment, query = match(torch.full((many,), CAR), segments, logits, masks)
    assert len(segment) == SLOTS[CAR]
    assert sorted(query.tolist()) == CARS.tolist()
