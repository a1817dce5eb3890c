"""The sentence that tells OneFormer its task."""

import json

import pytest

from bench.errors import BadInput
from bench.models.families.oneformer import OneFormer
from bench.models.transformers import TransformersLoader
from bench.suite.model import Model


def model(**task_input):
    return Model(
        name="one", source="folder", location="x", **({"task_input": task_input} if task_input else {})
    )  # fmt: skip


def test_tokens_of_the_suite_are_filled_up_with_zeros():
    found = OneFormer().inputs(model(tokens=[5, 6]), {"task_seq_len": 4}, None)
    assert found == {"task_inputs": [[5, 6, 0, 0]]}
    with pytest.raises(BadInput, match=r"has 2 tokens; it takes 1"):
        OneFormer().inputs(model(tokens=[5, 6]), {"task_seq_len": 1}, None)
    with pytest.raises(
        BadInput, match=r"no tokenizer.*task_input\] the `tokens` of \"the task is x"
    ):
        OneFormer().inputs(model(task="x"), {}, None)


def test_the_weights_own_tokenizer_reads_the_sentence(tmp_path):
    words = ["the", "task", "is", "semantic", "panoptic"]
    pieces = sorted({c for w in words for c in w} | {w[-1] + "</w>" for w in words})
    vocabulary = [*pieces, "th", "the</w>", "<|startoftext|>", "<|endoftext|>"]
    ids = {piece: i for i, piece in enumerate(vocabulary)}
    (tmp_path / "vocab.json").write_text(json.dumps(ids))
    (tmp_path / "merges.txt").write_text("#version: 0.2\nt h\nth e</w>\n")
    found = OneFormer().inputs(model(task="panoptic"), {"task_seq_len": 40}, tmp_path)
    (tokens,) = found["task_inputs"]
    spelt = [ids[c] for w in ("task", "is", "panoptic") for c in (*w[:-1], w[-1] + "</w>")]
    assert tokens[: len(spelt) + 3] == [
        ids["<|startoftext|>"], ids["the</w>"], *spelt, ids["<|endoftext|>"],
    ]  # fmt: skip
    assert set(tokens[len(spelt) + 3 :]) == {0}
    assert len(tokens) == 40


def test_it_does_the_task_of_its_sentence_and_is_known_by_it():
    assert OneFormer().answers(model()) == ("semantic",)
    assert OneFormer().answers(model(task="panoptic")) == ("panoptic",)
    config = {"model_type": "oneformer"}
    seeded = [
        Model(name="m", source="seeded", location="", seed=0, config=config, task_input=t)
        for t in (None, {"tokens": [1]}, {"tokens": [2]}, {"task": "panoptic", "tokens": [1]})
    ]
    assert len({TransformersLoader().digest(m) for m in seeded}) == 4
