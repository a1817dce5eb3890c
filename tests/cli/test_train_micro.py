from __future__ import annotations

from pathlib import Path

import pytest

from bench.cli.train_micro import train_micro
from bench.errors import UnknownName
from bench.train import loop
from bench.train.recipe import RECIPES


def test_unknown_model_gets_the_nearest_name(tmp_path):
    with pytest.raises(UnknownName, match="mask2former-micro"):
        train_micro("mask2former-mikro", tmp_path)


def test_options_replace_only_what_they_name(monkeypatch, tmp_path, capsys):
    seen = []

    def record(recipe, out: Path):
        seen.append(recipe)
        return out

    monkeypatch.setattr(loop, "train", record)
    train_micro("segformer-micro", tmp_path, scenes=7, seed=0)
    assert (seen[0].scenes, seen[0].steps, seen[0].seed) == (7, RECIPES["segformer-micro"].steps, 0)
    assert capsys.readouterr().out.strip() == str(tmp_path)
