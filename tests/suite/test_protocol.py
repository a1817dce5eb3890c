from __future__ import annotations

import pytest
from pydantic import ValidationError

from bench.suite.protocol import Protocol, accuracy_fingerprint

NEITHER = {
    "seed", "parity_images", "gallery_images", "timeout_s", "prepare_timeout_s",
    "work", "ceiling", "fits_gb", "shards", "checks", "coverage", "stages", "boundary", "calibration",
    "edge",
}  # fmt: skip
"""Fields that change no number that is compared under a fingerprint."""


def accuracy(protocol: Protocol, **more) -> str:
    fields = {"dataset_digest": "d", "class_map": {}, "ignore_index": 255, "seen": 5, **more}
    return accuracy_fingerprint(protocol, **fields)


@pytest.mark.parametrize(
    ("field", "value", "mine"),
    [
        ("height", 64, "both"), ("width", 64, "both"), ("postprocess", "hf", "both"),
        ("preprocess", "other", "both"), ("images", 3, "accuracy"), ("batch_size", 2, "timing"),
        ("warmup", 9, "timing"), ("iterations", 9, "timing"), ("timing_limit_s", 9.0, "timing"),
        ("median_width", 0.5, "timing"), ("launches", 3, "timing"), ("rate", 5.0, "timing"),
        ("corruption", "fog/3", "accuracy"), ("geometry", "pad", "both"),
        ("scales", (0.5, 1.0), "both"), ("flip", True, "both"), ("stride", 0.5, "both"), ("timeout_s", 9.0, "none"), ("parity_images", 2, "none"),
    ],
)  # fmt: skip
def test_each_field_enters_its_fingerprint(field: str, value: object, mine: str) -> None:
    plain, other = Protocol(), Protocol(**{field: value})
    assert (accuracy(plain) != accuracy(other)) == (mine in {"both", "accuracy"})
    timing = plain.timing_fingerprint(2) != other.timing_fingerprint(2)
    assert timing == (mine in {"both", "timing"})


def test_threads_belong_to_timing() -> None:
    assert Protocol().timing_fingerprint(1) != Protocol().timing_fingerprint(2)


def test_accuracy_depends_on_what_was_seen() -> None:
    base = accuracy(Protocol())
    assert len(base) == 12
    for more in (
        {"dataset_digest": "e"},
        {"class_map": {"a": "b"}},
        {"ignore_index": 0},
        {"seen": 4},
        {"unmatched": {"model_only": ["dog"]}},
    ):
        assert accuracy(Protocol(), **more) != base


def test_no_field_was_forgotten() -> None:
    told = {
        *Protocol(corruption="fog/3", task="panoptic", geometry="pad").accuracy_fields(),
        *Protocol().timing_fields(),
        "height",
        "width",
    }
    rest = set(Protocol.model_fields) - told - {"accuracy_limit_s"}  # it ends up in `seen`
    assert rest == NEITHER - {"seed"}  # a seed matters only where something is drawn


@pytest.mark.parametrize("scales", [[], [0.5, 0.5], [0.0], "double"])
def test_scales_are_different_numbers(scales: object) -> None:
    with pytest.raises(ValidationError, match="scales"):
        Protocol(scales=scales)


def test_an_endlessly_wide_interval_is_no_stopping_rule() -> None:
    assert Protocol(median_width=float("inf")) == Protocol(median_width=None)


def test_a_semantic_protocol_has_the_fingerprints_that_it_had_before_there_were_tasks() -> None:
    assert accuracy(Protocol()) == "5ed2c75d63b3"
    assert Protocol().timing_fingerprint(2) == "dc80273c2647"
    assert accuracy(Protocol(threshold=0.9)) == accuracy(Protocol())


@pytest.mark.parametrize("field", ["threshold", "mask_threshold", "overlap_mask_area_threshold"])
def test_thresholds_of_a_panoptic_protocol_enter_both_fingerprints(field: str) -> None:
    plain, other = Protocol(task="panoptic"), Protocol(task="panoptic", **{field: 0.7})
    assert accuracy(plain) != accuracy(other)
    assert plain.timing_fingerprint(2) != other.timing_fingerprint(2)


def test_another_task_uses_the_rule_of_its_own_name_unless_told() -> None:
    assert Protocol().postprocess == "reference"
    assert Protocol(task="panoptic").postprocess == "panoptic"
    assert Protocol(task="panoptic", postprocess="other").postprocess == "other"
