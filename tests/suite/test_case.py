from __future__ import annotations

from pathlib import Path

from bench.record.store import read_run
from bench.suite.case import ParityLimit
from tests import builders

QUICKSTART = Path(__file__).parents[2] / "reports/examples/quickstart"


def test_the_id_names_every_axis() -> None:
    case = builders.case("onnx-onnxruntime-int8-static")
    assert case.id == "micro/onnx-onnxruntime-int8-static/cpu/scenes"
    assert builders.case(axis="hf").id == "micro/torch-fp32/cpu/scenes/hf"


def test_the_reference_knows_itself() -> None:
    assert builders.case("torch-fp32").is_reference
    assert not builders.case("torch-bf16").is_reference


def test_prose_changes_no_fingerprint() -> None:
    plain = builders.case()
    told = builders.case(
        model=builders.model(about="x"),
        variant=builders.variant(about="x"),
        target=builders.target(about="x"),
        dataset=builders.dataset(about="x"),
    )
    assert plain.fingerprint == told.fingerprint


def test_everything_else_changes_it() -> None:
    others = [
        builders.case(weights_digest="abc"),
        builders.case("torch-bf16"),
        builders.case(target=builders.target(threads=1)),
        builders.case(dataset=builders.dataset(options={"seed": 1})),
        builders.case(dataset=builders.dataset(things=("car",))),
        builders.case(protocol=builders.protocol(task="panoptic")),
        builders.case(protocol=builders.protocol(task="panoptic", mask_threshold=0.7)),
        builders.case(protocol=builders.protocol(iterations=31)),
        builders.case(parity=ParityLimit(agreement=0.5)),
        builders.case(reference=builders.variant("torchscript-fp32")),
    ]
    prints = [c.fingerprint for c in (builders.case(), *others)]
    assert len(set(prints)) == len(prints)
    assert all(len(p) == 64 for p in prints)


def test_a_semantic_case_has_the_fingerprint_that_it_had_before_there_were_tasks() -> None:
    results = read_run(QUICKSTART).results
    assert {r.case.fingerprint == r.fingerprint for r in results} == {True}
    thresholds = builders.protocol(threshold=0.9)  # means nothing to the task
    assert builders.case(protocol=thresholds).fingerprint == builders.case().fingerprint


def test_the_number_of_shards_is_no_part_of_the_question():
    case = builders.case()
    assert case.asking(shards=7).fingerprint == case.fingerprint
