from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bench import resources
from bench.errors import SuiteError
from bench.suite.base import Spec
from bench.suite.case import ParityLimit
from bench.suite.load import load_suite
from bench.suite.policy import GATED, GatePolicy, Rule, check_rules


@pytest.mark.parametrize(("title", "kind"), [("Parity", ParityLimit), ("Gate", GatePolicy)])
def test_the_format_reference_names_the_defaults_of_the_code(title: str, kind: type[Spec]) -> None:
    text = (resources.suites_dir() / "README.md").read_text()
    part = text.split(f"\n### {title}\n")[1].split("\n#")[0]
    said = {k: float(v) for k, v in re.findall(r"^\| `(\w+)` \| ([\d.]+) \|", part, re.MULTILINE)}
    assert said == kind().model_dump(exclude={"rule"})


CASES = ("micro/torch-fp32/cpu/scenes", "micro/onnx-onnxruntime-int8-dynamic/cpu/scenes")
NAMES = tuple(GATED)


def policy(*rules: dict, **more) -> GatePolicy:
    return GatePolicy(rule=tuple(Rule(**r) for r in rules), **more)


@given(st.sampled_from(NAMES), st.sampled_from(CASES))
def test_without_rules_the_scalars_hold_and_block(name: str, case: str) -> None:
    made = GatePolicy().limit(name, case)
    scalar = GATED[name][1]
    assert made.blocks
    assert made.bound == (getattr(GatePolicy(), scalar) if scalar else 0)


def test_the_last_rule_that_gives_a_key_wins() -> None:
    made = policy(
        {"metric": "latency*", "ratio": 3, "blocks": False},
        {"metric": "latency_p50_ms", "case": "*int8*", "ratio": 2},
        {"metric": "latency_p50_ms", "case": "*int8*", "blocks": True},
    )
    first, second = (made.limit("latency_p50_ms", case) for case in CASES)
    assert (first.bound, first.blocks) == (3, False)
    assert (second.bound, second.blocks) == (2, True)
    assert made.limit("miou", CASES[0]) == GatePolicy().limit("miou", CASES[0])


def test_a_limit_that_is_off_informs_by_the_default() -> None:
    off = policy({"metric": "miou", "case": "*int8*", "blocks": True}, miou_margin=None)
    first, second = (off.limit("miou", case) for case in CASES)
    assert (first.bound, first.blocks) == (0.01, False)
    assert second.blocks


def test_one_class_of_many() -> None:
    made = policy({"metric": "iou.bus", "margin": 0.2}, {"metric": "iou.t*", "blocks": False})
    assert made.limit("iou.bus", CASES[0]).bound == 0.2
    assert made.limit("iou.road", CASES[0]).bound == 0.05
    assert not made.limit("iou.train", CASES[0]).blocks
    assert made.limit("miou", CASES[0]).blocks


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"metric": "mious", "margin": 0.1}, ["mious", "'miou'"]),
        ({"metric": "iou.rood", "margin": 0.1}, ["iou.rood", "'iou.road'"]),
        ({"metric": "miou", "case": "*/cuda/*", "margin": 0.1}, ["*/cuda/*", CASES[0]]),
        ({"metric": "miou", "case": "micro/torch-fp23/cpu/scenes", "margin": 0.1}, [CASES[0]]),
        ({"metric": "miou", "ratio": 1.2}, ["ratio = 1.2", "'miou'", "margin"]),
        ({"metric": "status", "margin": 0.2}, ["margin = 0.2", "blocks alone"]),
        ({"metric": "latency*", "margin": 0.2}, ["margin = 0.2", "ratio"]),
    ],
)
def test_a_rule_that_could_never_apply_is_refused(rule: dict, words: list[str]) -> None:
    with pytest.raises(SuiteError) as e:
        check_rules(policy(rule), CASES, ("miou", "iou.road", "iou.bus"))
    assert all(word in str(e.value) for word in ["gate.rule[1]", *words])


def test_rules_that_apply_pass() -> None:
    every = policy(
        {"metric": "*", "margin": 0.1, "ratio": 2, "drop": 0.1},
        {"metric": "status", "case": "*int8*", "blocks": False},
        {"metric": "iou.bus", "margin": 0.2},
    )
    check_rules(every, CASES, ("miou", "iou.road", "iou.bus"))


def test_a_rule_that_says_nothing_is_refused() -> None:
    with pytest.raises(ValidationError, match="needs one of"):
        Rule(metric="miou")


@pytest.mark.parametrize("field", [f for f in GatePolicy.model_fields if f != "rule"])
def test_limits_without_sense_are_refused(field: str) -> None:
    with pytest.raises(ValidationError):
        GatePolicy(**{field: -0.5})


def test_a_suite_brings_its_rules(tmp_path) -> None:
    text = """
name = "mine"
title = "Mine"

[gate]
iou_margin = 0.1

[[gate.rule]]
metric = "latency_live"
case = "*/torch-fp32/*"
ratio = 2

[[block]]
model = "segformer-micro"
dataset = "scenes"
targets = ["cpu"]
variants = ["torch-fp32"]
"""
    (tmp_path / "mine.toml").write_text(text)
    made = load_suite(tmp_path / "mine.toml")
    (case,) = made.expand()
    assert made.gate.limit("latency_live", case.id).bound == 2
    assert load_suite(tmp_path / "mine.toml", target="cuda").gate == made.gate
    (tmp_path / "mine.toml").write_text(text.replace("torch-fp32/*", "cuda/*"))
    with pytest.raises(SuiteError, match="matches no case"):
        load_suite(tmp_path / "mine.toml")
    (tmp_path / "mine.toml").write_text(text.replace("ratio = 2", "ratoi = 2"))
    with pytest.raises(SuiteError, match=r"'ratoi'.*'ratio'"):
        load_suite(tmp_path / "mine.toml")
