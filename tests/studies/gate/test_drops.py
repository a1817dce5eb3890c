import pytest

from bench import resources
from tests.measured import confusion_arrays, flipped, truths
from tests.studies.gate import drops

RECORD = resources.reports_dir() / "examples" / "quickstart"
CASE = "segformer-micro/onnx-onnxruntime-fp32/cpu/scenes"


@pytest.fixture(scope="module")
def counts():
    from bench.tasks.confusion import from_sparse

    truth = truths(12, (24, 48), 6, 0)
    arrays = confusion_arrays(truth, flipped(truth, 0.1, 6, 1), 6)
    return from_sparse(arrays, 12, 6)


@pytest.mark.parametrize("drop", [0.02, 0.1])
def test_the_planted_drop_is_there_and_no_pixel_is_lost(counts, drop):
    worse = drops.degraded(counts, drop, seed=3)
    assert drops.miou(counts) - drops.miou(worse) == pytest.approx(drop, abs=0.004)
    assert (worse.sum(axis=(1, 2)) == counts.sum(axis=(1, 2))).all()
    assert (worse.sum(axis=2) == counts.sum(axis=2)).all()
    assert worse.min() >= 0


def test_no_drop_moves_pixels_both_ways_and_leaves_the_mean(counts):
    moved = drops.degraded(counts, 0.0, 0)
    assert drops.miou(moved) == pytest.approx(drops.miou(counts), abs=2e-3), "whole pixels"
    right = moved.trace(axis1=1, axis2=2) - counts.trace(axis1=1, axis2=2)
    assert (right < 0).sum() == 6
    assert (right > 0).sum() == 6
    assert (moved.sum(axis=2) == counts.sum(axis=2)).all()
    assert moved.min() >= 0


def test_copies_differ_by_their_seed(counts):
    assert (drops.degraded(counts, 0.05, 0) != drops.degraded(counts, 0.05, 1)).any()


def test_the_gate_sees_five_points_and_not_half_a_point(monkeypatch):
    monkeypatch.setattr(drops, "DROPS", (0.0, 0.005, 0.05))
    none, half, five = drops.judged(RECORD, CASE, 1)
    assert none.said in ({"unchanged": 1}, {"undecided": 1})
    assert half.said in ({"unchanged": 1}, {"undecided": 1})
    assert five.said == {"regressed": 1}
    assert (five.margin, five.images) == (0.01, 50)


def test_a_case_that_is_not_there_is_an_error():
    with pytest.raises(ValueError, match="no counts of nothing"):
        next(drops.judged(RECORD, "nothing", 1))
