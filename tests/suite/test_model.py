from __future__ import annotations

import pytest
from pydantic import ValidationError

from bench.suite.classes import CITYSCAPES
from bench.suite.model import Model, OnnxInput, Pixels, Told


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


def test_weights_complete_what_the_suite_leaves_out() -> None:
    told = Told(classes=("a",), pixels=Pixels(scale=1.0), size_multiple=14, input_size=(64, 64))
    bare = Model(name="m", source="hub", location="x").completed(told)
    assert (bare.classes, bare.pixels.scale, bare.size_multiple) == (("a",), 1.0, 14)
    assert bare.padded(100, 200) == (64, 64)
    own = Model(name="m", source="hub", location="x", classes=("b",), size_multiple=8)
    assert (own.completed(told).classes, own.completed(told).size_multiple) == (("b",), 8)
    assert own.completed(Told()) == own


def test_a_task_or_size_that_it_does_not_take_is_named() -> None:
    told = Told(tasks=("semantic",), input_size=(64, 32))
    model = Model(name="m", source="hub", location="x").completed(told)
    free = (None, None)
    assert model.misfit(told, "semantic", free) == model.misfit(Told(), "panoptic", free) == ""
    assert "'m' can't do the task 'panoptic'; it does semantic" in model.misfit(
        told, "panoptic", free
    )
    assert model.misfit(told, "semantic", (64, 32)) == ""
    said = model.misfit(told, "semantic", (None, 64))
    assert "takes 64x32 only, and the protocol asks for 64x64" in said
    backbone = Model(name="m", source="hub", location="x", features=True)
    assert "features alone" in backbone.misfit(Told(), "panoptic", free)


def test_accuracy_is_missing_for_seeded_weights_and_for_backbones() -> None:
    assert Model(name="m", source="hub", location="x").unjudged == ""
    assert Model(name="m", source="seeded", location="", seed=0).unjudged == "seeded weights"
    assert Model(name="m", source="hub", location="x", features=True).unjudged == "features only"
