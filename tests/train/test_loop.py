from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from safetensors.numpy import load_file

from bench.errors import BadInput
from bench.models import micro
from bench.resources import weights_dir
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
    if line.startswith("step 2 miou"):
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


def test_panoptic_run_starts_from_shipped_weights_and_goes_on_to_the_same_bytes(tmp_path):
    recipe = replace(
        TINY, model="mask2former-micro-panoptic", start="mask2former-micro", height=128, width=256
    )
    recipe = replace(recipe, pixels_per_step=128 * 256, full_size_from=0.0)
    whole = loop.train(recipe, tmp_path / "whole", say=quiet)
    with pytest.raises(KeyboardInterrupt):
        loop.train(recipe, tmp_path / "part", say=stop_at_first_validation)
    part = loop.train(recipe, tmp_path / "part", say=quiet)
    for name in ("model.safetensors", "curve.csv"):
        assert (part / name).read_bytes() == (whole / name).read_bytes()
    head = (whole / "curve.csv").read_text().splitlines()[0]
    assert head == "step,loss,val_miou,val_pq_things,val_pq_stuff"
    config = json.loads((whole / "config.json").read_text())
    assert (config["num_queries"], config["id2label"]["13"]) == (sum(micro.SLOTS), "car")
    ours = load_file(whole / "model.safetensors")
    before = load_file(weights_dir() / "mask2former-micro" / "model.safetensors")
    moved = [np.abs(ours[k] - before[k]).max() for k in before if ours[k].shape == before[k].shape]
    assert 0 < max(moved) < 0.1
    assert len(moved) == len(before) - 2


@pytest.mark.parametrize("name", RECIPES)
def test_shipped_weights_carry_the_recipe_that_repeats_them(name):
    written = json.loads((weights_dir() / name / "recipe.json").read_text())
    assert Recipe(**written) == RECIPES[name]
    assert written["model"] == name
