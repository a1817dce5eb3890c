from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from safetensors.numpy import load_file

from bench.errors import BadInput
from bench.train import loop
from bench.train.recipe import RECIPES, Recipe

TINY = Recipe(
    "segformer-micro",
    steps=4,
    scenes=4,
    height=64,
    width=128,
    processes=1,
    pixels_per_step=2 * 32 * 64,
    warm_up_steps=2,
    validation_scenes=2,
    validate_every=2,
)


def quiet(line):
    del line


def stop_at_first_validation(line):
    if line.startswith("step 2 mIoU"):
        raise KeyboardInterrupt


@pytest.fixture(autouse=True)
def _checkpoints(monkeypatch):
    monkeypatch.setattr(loop, "CHECKPOINT_EVERY", 1)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return loop.train(TINY, tmp_path_factory.mktemp("whole"), say=quiet)


def test_run_leaves_weights_config_recipe_and_curve(whole):
    assert json.loads((whole / "config.json").read_text())["model_type"] == "segformer"
    assert json.loads((whole / "recipe.json").read_text())["steps"] == 4
    rows = (whole / "curve.csv").read_text().splitlines()
    assert rows[0] == "step,loss,val_miou"
    assert [r.split(",")[0] for r in rows[1:]] == ["2", "4"]
    assert all(0 <= float(r.split(",")[2]) <= 1 for r in rows[1:])


def test_stopped_run_goes_on_to_the_same_bytes(whole, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        loop.train(TINY, tmp_path, say=stop_at_first_validation)
    assert not (tmp_path / "model.safetensors").exists()
    said = []
    loop.train(TINY, tmp_path, say=said.append)
    assert not any(line.startswith("drawing") for line in said)
    assert (tmp_path / "curve.csv").read_text() == (whole / "curve.csv").read_text()
    assert (tmp_path / "model.safetensors").read_bytes() == (
        whole / "model.safetensors"
    ).read_bytes()


def test_weights_moved_and_differ_by_seed(whole, tmp_path):
    other = loop.train(replace(TINY, seed=1, steps=1), tmp_path, say=quiet)
    ours, theirs = (load_file(d / "model.safetensors") for d in (whole, other))
    assert ours.keys() == theirs.keys()
    assert any(not np.array_equal(ours[k], theirs[k]) for k in ours)
    assert all(np.isfinite(v).all() for v in ours.values())


def test_folder_of_another_recipe_is_refused_by_what_differs(whole):
    with pytest.raises(BadInput, match="another recipe \\(steps, seed\\)"):
        loop.train(replace(TINY, steps=9, seed=3), whole, say=quiet)


def test_two_processes_train_mask2former_together(tmp_path):
    recipe = replace(TINY, model="mask2former-micro", steps=1, processes=2, height=128, width=256)
    out = loop.train(replace(recipe, pixels_per_step=64 * 128), tmp_path, say=quiet)
    assert json.loads((out / "config.json").read_text())["model_type"] == "mask2former"
    assert all(np.isfinite(v).all() for v in load_file(out / "model.safetensors").values())


def test_shipped_recipes_keep_their_numbers():
    assert {n: r.steps for n, r in RECIPES.items()} == {
        "mask2former-micro": 2000,
        "segformer-micro": 1500,
    }
    assert all(name == recipe.model for name, recipe in RECIPES.items())
