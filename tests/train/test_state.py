from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from bench.train.recipe import Recipe
from bench.train.state import State, follow, rate, resume, save

RECIPE = Recipe("segformer-micro", steps=1000, warm_up_steps=100, learning_rate=1e-3)


def small(seed):
    torch.manual_seed(seed)
    model, head, ema = (torch.nn.Linear(3, 2) for _ in range(3))
    everything = [*model.parameters(), *head.parameters()]
    return State(model, head, ema, torch.optim.AdamW(everything, lr=0.1))


@given(st.integers(0, 999))
def test_rate_stays_between_one_hundredth_and_the_whole(step):
    assert 0 < rate(step, RECIPE) <= RECIPE.learning_rate
    if step >= RECIPE.warm_up_steps:
        assert rate(step, RECIPE) >= RECIPE.learning_rate / 100


@pytest.mark.parametrize(("step", "whole"), [(99, True), (500, True), (501, False)])
def test_rate_holds_before_it_falls(step, whole):
    held = replace(RECIPE, hold_steps=400)
    assert (rate(step, held) == RECIPE.learning_rate) == whole


@given(st.integers(0, 98))
def test_rate_rises_while_warming_up(step):
    assert rate(step + 1, RECIPE) > rate(step, RECIPE)


@given(st.integers(100, 998))
def test_rate_falls_after_warming_up(step):
    assert rate(step + 1, RECIPE) < rate(step, RECIPE)


@pytest.mark.parametrize(("step", "decay"), [(0, 0.1), (10**6, RECIPE.ema_decay)])
def test_mean_follows_fast_at_first_and_slowly_later(step, decay):
    state = small(0)
    old, new = state.ema.weight.detach().clone(), state.model.weight.detach().clone()
    follow(state, step, RECIPE)
    torch.testing.assert_close(state.ema.weight, old * decay + new * (1 - decay))


def test_checkpoint_restores_everything(tmp_path):
    state, other = small(0), small(1)
    state.model(torch.ones(1, 3)).sum().backward()
    state.optimiser.step()
    save(tmp_path, 7, state)
    assert resume(tmp_path, other) == 7
    for part in ("model", "head", "ema"):
        for a, b in zip(
            getattr(state, part).parameters(), getattr(other, part).parameters(), strict=True
        ):
            assert torch.equal(a, b)
    assert len(other.optimiser.state_dict()["state"]) == len(state.optimiser.state_dict()["state"])
    assert list(tmp_path.iterdir()) == [tmp_path / "checkpoint.pt"]


def test_no_checkpoint_begins_at_the_first_step(tmp_path):
    assert resume(tmp_path, small(0)) == 0
