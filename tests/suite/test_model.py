from __future__ import annotations

import pytest
from pydantic import ValidationError

from bench.suite.classes import CITYSCAPES
from bench.suite.model import Model, OnnxInput, Pixels


def test_only_seeded_weights_are_untrained() -> None:
    assert Model(name="m", source="hub", location="a/b").trained
    assert not Model(name="m", source="seeded", location="a/b", seed=0).trained


def test_seeded_weights_need_a_seed() -> None:
    with pytest.raises(ValidationError, match="no seed"):
        Model(name="m", source="seeded", location="x")


def test_the_onnx_table_goes_with_its_loader() -> None:
    graph = OnnxInput(name="x", height=4, width=4, logits="y")
    assert Model(name="m", loader="onnx", source="file", location="m.onnx", onnx=graph).onnx
    with pytest.raises(ValidationError, match="goes with"):
        Model(name="m", source="hub", location="a/b", onnx=graph)
    with pytest.raises(ValidationError, match="goes with"):
        Model(name="m", loader="onnx", source="file", location="m.onnx")


def test_classes_are_listed_or_cityscapes_or_left_to_the_weights() -> None:
    def classes(**more: object) -> tuple[str, ...]:
        return Model.model_validate({"name": "m", "source": "hub", "location": "x", **more}).classes

    assert classes() == ()
    assert classes(classes="cityscapes") == tuple(c.name for c in CITYSCAPES)
    assert classes(classes=["a", "b"]) == ("a", "b")
    with pytest.raises(ValidationError, match="255"):
        classes(classes=["x"] * 256)


def test_pixels_have_a_mean_and_a_std_a_band() -> None:
    assert Pixels().bands == Pixels(channels="bgr").bands == 3
    six = {"mean": (0.0,) * 6, "std": (1.0,) * 6}
    assert Pixels(channels=6, **six).bands == 6
    for bad, said in (
        ({"channels": 6}, "`mean` has 3 values for 6 channels"),
        (six, "`mean` has 6 values for 3 channels"),
        ({"channels": "grb"}, "'grb' is none of 'rgb', 'bgr' and a number"),
        ({"channels": 0}, "0 is none of"),
        ({"std": (1.0, 0.0, 1.0)}, "greater than 0"),
    ):
        with pytest.raises(ValidationError, match=said):
            Pixels.model_validate(bad)
