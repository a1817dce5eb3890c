from __future__ import annotations

import warnings
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.errors import DatasetError, RecordError
from bench.record.counts import SegmentsMeasurement
from bench.record.store import write_arrays
from bench.segments import VOID, Segments
from bench.tasks import panoptic
from bench.tasks.base import Ratios, mean
from bench.tasks.panoptic import PanopticTask
from tests import builders
from tests.tasks.segmented import ABSENT, CLASSES, THINGS, official, pairs_of, predicted, truth_of

TASK = PanopticTask()
SET = builders.dataset(classes=CLASSES, things=THINGS)


def recorded(pairs, folder):
    """Result whose counts are those of the pairs, and the folder of its arrays."""
    tallies = [TASK.tally(t, p, SET, None) for t, p in pairs]
    names = tuple(f"i{i}" for i in range(len(pairs)))
    seen = {"classes": CLASSES, "images": names, "asked": len(pairs), "groups": ()}
    ((fields, arrays),) = TASK.measured(tallies, seen)
    file = write_arrays(folder, "case", "segments", arrays)
    found = SegmentsMeasurement(**fields, arrays=file)
    case = builders.case(dataset=SET, protocol=builders.protocol(task="panoptic"))
    return builders.result(case=case, measurements=(found,))


@pytest.mark.parametrize("seed", range(6))
def test_scores_are_those_of_the_official_evaluator(tmp_path, seed) -> None:
    pairs = pairs_of(seed)
    theirs = official(pairs, tmp_path)
    result = recorded(pairs, tmp_path)
    found = result.get("segments")
    scores = TASK.scores(result, tmp_path)
    of = TASK.ratios(found, tmp_path)["pq"]
    assert float(mean(of.pooled())) == pytest.approx(theirs[""][0]["pq"], abs=1e-12)
    assert {*TASK.numbers} < {*scores}
    for kind, (averages, _) in theirs.items():
        for name in ("pq", "sq", "rq"):
            assert scores[name + kind] == pytest.approx(averages[name], abs=1e-12)
    ours = {"pq": dict(zip(CLASSES, of.pooled(), strict=True)), **TASK.by_class(found, tmp_path)}
    for i, each in theirs[""][1].items():
        for name in ("pq", "sq", "rq"):
            assert np.nan_to_num(ours[name][CLASSES[i]]) == pytest.approx(each[name], abs=1e-12)
    assert np.isnan(ours["pq"][CLASSES[ABSENT]])
    assert theirs[""][0]["n"] == 6


def test_the_generated_images_hold_every_case_of_the_rules(tmp_path) -> None:
    pairs = [p for seed in range(6) for p in pairs_of(seed)]
    tallies = [TASK.tally(t, p, SET, None) for t, p in pairs]
    outcomes = np.concatenate([t["outcome"] for t in tallies])
    assert {*np.unique(outcomes)} == {panoptic.MATCHED, panoptic.FALSE, panoptic.MISSED}
    every = sum(
        (np.bincount(p.ids.ravel(), minlength=len(p.classes) + 1)[1:] > 0).sum() for _, p in pairs
    )
    counted = (outcomes != panoptic.MISSED).sum()
    assert counted < every, "some predictions lie on void or crowd"
    assert any(t.crowd.any() for t, _ in pairs)


@pytest.fixture
def _exact():
    """It divides in torch's default type."""
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


@pytest.mark.usefixtures("_exact")
@pytest.mark.parametrize("seed", range(3))
def test_scores_are_those_of_torchmetrics(tmp_path, seed) -> None:
    """It knows no crowd, and counts no miss where more than half of the truth is predicted as void."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from torchmetrics.detection import PanopticQuality

    pairs = pairs_of(seed, crowd=False, whole=True)
    theirs = PanopticQuality(things={4, 5, 6}, stuffs={0, 1, 2, 3}, return_sq_and_rq=True)
    for truth, prediction in pairs:
        both = []
        for found in (prediction, truth):
            labels = found.labels().astype(np.int64)
            both.append(torch.from_numpy(np.stack([labels, found.ids.astype(np.int64)], -1)))
        theirs.update(both[0][None], both[1][None])
    # Of stuff it takes all segments of a class together, as a rule that fuses them would.
    fused = [(fuse(t), fuse(p)) for t, p in pairs]
    result = recorded(fused, tmp_path)
    of = TASK.ratios(result.get("segments"), tmp_path)["pq"]
    scores = TASK.scores(result, tmp_path)
    pq, sq, rq = theirs.compute().tolist()
    assert float(mean(of.pooled())) == pytest.approx(pq, abs=1e-12)
    assert scores["rq"] == pytest.approx(rq, abs=1e-12)
    assert scores["sq"] == pytest.approx(sq, abs=1e-12)


def fuse(found: Segments) -> Segments:
    """All segments of each stuff class as one."""
    ids, classes = found.ids.copy(), found.classes
    for c in range(4):
        same = np.flatnonzero(classes == c) + 1
        if len(same):
            ids[np.isin(ids, same)] = same[0]
    return Segments(ids, classes, found.crowd)


def one(ids, *classes, crowd=()):
    return Segments(
        np.array(ids, np.int32), np.array(classes, np.int32),
        np.array([k in crowd for k in range(len(classes))]),
    )  # fmt: skip


def outcome(truth, prediction):
    found = TASK.tally(truth, prediction, SET, None)
    return list(zip(found["class_index"].tolist(), found["outcome"].tolist(), strict=True))


def test_half_is_no_match_and_void_leaves_the_union() -> None:
    truth = one([[1, 1, 1, 1, 0, 0]], 5)
    assert outcome(truth, one([[1, 1, 0, 0, 0, 0]], 5)) == [(5, 1), (5, 2)]
    assert outcome(truth, one([[1, 1, 1, 0, 1, 1]], 5)) == [(5, 0)]
    found = TASK.tally(truth, one([[1, 1, 1, 0, 1, 1]], 5), SET, None)
    assert (found["intersection"].tolist(), found["union"].tolist()) == ([3], [4])
    assert TASK.classified(one([[1, 1, 1, 0, 1, 1]], 5)) == 5


def test_predictions_on_void_or_on_crowd_of_their_class_are_not_false() -> None:
    truth = one([[1, 1, 1, 1, 0, 0]], 5, crowd={0})
    assert outcome(truth, one([[1, 1, 0, 0, 0, 0]], 5)) == []
    assert outcome(truth, one([[1, 1, 0, 0, 0, 0]], 6)) == [(6, 1)]
    assert outcome(truth, one([[0, 0, 0, 1, 1, 1]], 6)) == []
    assert outcome(truth, one([[0, 0, 1, 1, 1, 1]], 6)) == [(6, 1)], "half is not more than half"


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6))
def test_a_truth_against_itself_is_perfect(seed) -> None:
    truth = truth_of(np.random.default_rng(seed), crowd=False)
    found = TASK.tally(truth, truth, SET, None)
    assert (found["outcome"] == panoptic.MATCHED).all()
    np.testing.assert_array_equal(found["intersection"], found["union"])
    assert TASK.agree(truth, truth).all()


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6))
def test_every_segment_is_counted_at_most_once_and_numbers_mean_nothing(seed) -> None:
    rng = np.random.default_rng(seed)
    truth = truth_of(rng)
    prediction = predicted(rng, truth)
    found = TASK.tally(truth, prediction, SET, None)
    there = np.bincount(truth.ids.ravel(), minlength=len(truth.classes) + 1)[1:] > 0
    missed = found["outcome"] == panoptic.MISSED
    matched = found["outcome"] == panoptic.MATCHED
    assert missed.sum() + matched.sum() == (there & ~truth.crowd).sum()
    order = rng.permutation(len(prediction.classes))
    place = np.append(0, np.argsort(order) + 1)
    shuffled = Segments(
        place[prediction.ids].astype(np.int32), prediction.classes[order], prediction.crowd[order]
    )
    again = TASK.tally(truth, shuffled, SET, None)
    rows = [
        sorted(zip(*(t[k].tolist() for k in panoptic.FIELDS), strict=True)) for t in (found, again)
    ]
    assert rows[0] == rows[1]
    np.testing.assert_array_equal(TASK.agree(truth, prediction), TASK.agree(truth, shuffled))


def test_agreement_is_the_share_of_pixels_in_matches_or_void_in_both() -> None:
    truth = one([[1, 1, 1, 2, 2, 0]], 5, 6)
    prediction = one([[1, 1, 1, 1, 2, 0]], 5, 5)
    assert TASK.agree(truth, prediction).tolist() == [[True, True, True, False, False, True]]


def test_classes_are_mapped_and_others_become_void() -> None:
    table = np.full(256, VOID, np.uint8)
    table[[2, 4]] = 6, 0
    found = TASK.mapped(one([[1, 2, 3, 0]], 4, 3, 2), table)
    assert found.ids.tolist() == [[1, 0, 2, 0]]
    assert found.classes.tolist() == [0, 6]
    assert found.crowd.tolist() == [False, False]


def test_the_picture_has_lines_between_segments() -> None:
    found = one([[1, 1, 2], [1, 1, 2], [3, 3, 0]], 5, 5, 0)
    assert TASK.labels(found).tolist() == [[5, 5, VOID], [5, 5, VOID], [VOID, VOID, VOID]]


def test_a_reference_is_kept(tmp_path) -> None:
    found = one([[1, 1, 2]], 5, 6)
    TASK.write(tmp_path / "labels-00000", found)
    back = TASK.read(tmp_path / "labels-00000")
    np.testing.assert_array_equal(back.ids, found.ids)
    np.testing.assert_array_equal(back.classes, found.classes)
    assert TASK.agree(back, found).all()
    assert TASK.read(tmp_path / "labels-00001") is None


def test_the_rule_gets_the_protocols_thresholds_and_fuses_what_is_stuff_here() -> None:
    def rule(outputs, size, image_size, options):
        return options

    model = builders.model(classes=("class 1", "class 5", "stranger"))
    protocol = builders.protocol(task="panoptic", threshold=0.7, mask_threshold=0.4)
    case = builders.case(dataset=SET, model=model, protocol=protocol)
    options = TASK.rule(rule, case)(None, None, None)
    assert (options.threshold, options.mask_threshold) == (0.7, 0.4)
    assert options.overlap_mask_area_threshold == 0.8
    assert options.label_ids_to_fuse == {0: "class 1", 2: "stranger"}


def test_a_set_without_segments_is_refused() -> None:
    with pytest.raises(DatasetError, match="no panoptic ground truth"):
        TASK.truth(SimpleNamespace(segments=lambda index: None), 0)


def test_sizes_must_match() -> None:
    with pytest.raises(ValueError, match="pixels"):
        TASK.tally(one([[1]], 0), one([[1, 1]], 0), SET, None)


def test_a_measurement_that_does_not_fit_is_refused(tmp_path) -> None:
    result = recorded(pairs_of(0, 2), tmp_path)
    short = result.get("segments").model_copy(update={"classes": CLASSES[:2]})
    with pytest.raises(RecordError, match="don't fit 2 images of 2 classes"):
        TASK.ratios(short, tmp_path)


def test_ratios_by_image_add_up(tmp_path) -> None:
    pairs = pairs_of(1)
    of = TASK.ratios(recorded(pairs, tmp_path).get("segments"), tmp_path)["pq"]
    assert isinstance(of, Ratios)
    assert of.whole.sum() * 2 == int(of.whole.sum() * 2)
    half = of.at(np.arange(6)), of.at(np.arange(6, 12))
    np.testing.assert_array_equal(half[0].whole.sum(0) + half[1].whole.sum(0), of.whole.sum(0))
