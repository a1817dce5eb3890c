from __future__ import annotations

import pytest
from pydantic import ValidationError

from bench.errors import SuiteError
from bench.suite.suite import Block, Suite
from tests import builders


def block(*slugs: str, targets: tuple[str, ...] = ("cpu",), axis: str = "") -> Block:
    return Block(
        model=builders.model(),
        dataset=builders.dataset(),
        variants=tuple(builders.variant(s) for s in slugs),
        targets=tuple(builders.target(t) for t in targets),
        protocol=builders.protocol(),
        axis=axis,
    )


def suite(*blocks: Block) -> Suite:
    return Suite(name="s", title="S", reference=builders.variant(), blocks=blocks)


def test_cases_come_in_the_order_of_the_suite() -> None:
    made = suite(block("torch-fp32", "torch-bf16", targets=("cpu", "cuda")), block("torch-fp16"))
    assert [c.id for c in made.expand()] == [
        "micro/torch-fp32/cpu/scenes",
        "micro/torch-bf16/cpu/scenes",
        "micro/torch-fp32/cuda/scenes",
        "micro/torch-bf16/cuda/scenes",
        "micro/torch-fp16/cpu/scenes",
    ]


def test_two_cases_of_one_id_are_refused() -> None:
    with pytest.raises(SuiteError, match="twice"):
        suite(block("torch-fp32"), block("torch-fp32")).expand()
    assert len(suite(block("torch-fp32"), block("torch-fp32", axis="b")).expand()) == 2


def test_a_suite_is_frozen_and_not_empty() -> None:
    made = suite(block("torch-fp32"))
    with pytest.raises(ValidationError):
        made.name = "other"
    with pytest.raises(ValidationError):
        suite()
