from __future__ import annotations

from pathlib import Path

import pytest

from bench.errors import BadInput, UnknownName, WeightsError
from bench.suite.choose import weighted
from bench.suite.load import load_suite
from bench.suite.model import Model, OnnxInput

SWIN = "mask2former-swin-large-cityscapes"


@pytest.mark.parametrize(("value", "seed"), [("seed", 0), ("seed:7", 7)])
def test_seeded_weights_are_asked_for(value: str, seed: int) -> None:
    for case in load_suite(SWIN, weights={SWIN: value}).expand():
        assert (case.model.source, case.model.seed, case.model.trained) == ("seeded", seed, False)
        assert case.model.config["model_type"] == "mask2former"


def test_weights_from_a_folder_and_back_from_the_hub(tmp_path: Path) -> None:
    (block, *_) = load_suite(SWIN, weights={SWIN: str(tmp_path)}).blocks
    assert (block.model.source, block.model.location) == ("folder", str(tmp_path))
    back = weighted(block.model, "hub")
    assert (back.source, back.location) == ("hub", block.model.hub_id)


@pytest.mark.parametrize("value", ["seed:x", "seed:-1", "sead", "/nowhere/at/all", ""])
def test_other_words_are_refused(value: str) -> None:
    model = Model(name="m", source="package", location="m")
    with pytest.raises(WeightsError, match=f"m={value}"):
        weighted(model, value)


def test_no_hub_for_a_model_that_names_none() -> None:
    with pytest.raises(WeightsError, match="names no hub id"):
        weighted(Model(name="m", source="package", location="m"), "hub")


def test_an_onnx_model_takes_a_file_and_a_callable_nothing(tmp_path: Path) -> None:
    graph = OnnxInput(name="x", height=2, width=2, logits="y")
    model = Model(name="m", loader="onnx", source="file", location="old.onnx", onnx=graph)
    new = tmp_path / "new.onnx"
    new.touch()
    assert weighted(model, str(new)).location == str(new)
    with pytest.raises(WeightsError, match="no ONNX file"):
        weighted(model, str(tmp_path))
    code = Model(name="m", loader="callable", source="code", location="a:b")
    with pytest.raises(WeightsError, match="brings its own weights"):
        weighted(code, "seed")


@pytest.mark.parametrize("option", ["weights", "roots", "datasets"])
def test_a_choice_for_nothing_is_a_typo(option: str) -> None:
    known = "mask2former-micro" if option == "weights" else "scenes"
    with pytest.raises(UnknownName, match=f"Did you mean '{known}'"):
        load_suite("quickstart", **{option: {known[:-1]: "seed"}})


def test_another_data_set_takes_the_place_and_gets_the_root(tmp_path: Path) -> None:
    suite = load_suite(SWIN, datasets={"cityscapes": "camvid"}, roots={"camvid": str(tmp_path)})
    assert {b.dataset.name for b in suite.blocks} == {"camvid"}
    assert {b.dataset.root for b in suite.blocks} == {str(tmp_path)}
    with pytest.raises(UnknownName, match="'camvid'"):
        load_suite(SWIN, datasets={"cityscapes": "camvit"})
    with pytest.raises(BadInput, match="no folder"):
        load_suite(SWIN, roots={"cityscapes": str(tmp_path / "nowhere")})


def test_a_target_takes_the_place_of_all_others() -> None:
    plain = load_suite("quickstart").expand()
    on_cuda = load_suite("quickstart", target="cuda").expand()
    assert {c.target.name for c in on_cuda} == {"cuda"}
    assert {(c.model.name, c.variant.slug) for c in on_cuda} == {
        (c.model.name, c.variant.slug) for c in plain
    }
    on_cpu = load_suite("quickstart", target="cpu").expand()
    assert [c.id for c in on_cpu] == [c.id for c in plain if c.target.name == "cpu"]
    with pytest.raises(UnknownName, match="'nvidia-h200'"):
        load_suite("quickstart", target="nvidia-h20")
