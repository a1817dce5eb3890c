import pytest

from bench.metrics.base import Source
from bench.metrics.catalog import robustness
from tests.builders import Corrupted, build_run


def found(folder, *planned):
    run = build_run(folder, planned)
    return [robustness.metrics(Source(run, r, None)) for r in run.results]


def test_a_corrupted_case_is_held_against_its_clean_sibling(tmp_path):
    clean, fog, other = found(
        tmp_path, Corrupted(), Corrupted(corruption="fog/3"), Corrupted("torch-bf16", corruption="fog/3")
    )  # fmt: skip
    assert clean["miou_retained"].reason == "the images are as they are"
    assert fog["miou_retained"].value == pytest.approx(1.0)
    assert "no case of this variant" in other["miou_retained"].reason


def test_seeded_weights_keep_nothing(tmp_path):
    _, fog = found(tmp_path, Corrupted(seeded=True), Corrupted(corruption="fog/3", seeded=True))
    assert fog["miou_retained"].reason == "seeded weights"
