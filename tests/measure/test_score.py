import json
import math
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.cli.score import numbers
from bench.errors import DatasetError
from bench.gate.judge import judge
from bench.measure import score as scoring
from bench.measure.score import WRONG_ENCODING, _joint, _runs
from bench.metrics.rows import rows
from bench.record.store import read_run
from bench.report.card import write_card
from bench.suite.classes import CITYSCAPES
from bench.suite.dataset import Dataset
from bench.tasks import confusion, instances
from tests.official import official, write_layout


def cityscapes(root, **more):
    return Dataset(name="cityscapes", loader="cityscapes", root=str(root), **more)


def score(predictions, spec, **more):
    """What `segbench score --json` prints."""
    folder = predictions.parent / "run"
    shutil.rmtree(folder, ignore_errors=True)
    scoring.score(predictions, spec, folder, **more)
    run = read_run(folder)
    (row,) = rows(run)
    return numbers(row, run)


@pytest.fixture
def layout(tmp_path):
    return (tmp_path, *write_layout(tmp_path))


def rewrite(path, change):
    array = change(cv2.imread(str(path), cv2.IMREAD_UNCHANGED))
    assert cv2.imwrite(str(path), array)


@pytest.mark.parametrize("seed", [0, 7])
def test_every_number_is_the_official_evaluators(tmp_path, seed):
    """Void, classes absent and only predicted, instances, crowds, unevaluated predictions."""
    predictions, truths = write_layout(tmp_path, seed=seed)
    theirs = official(predictions, truths)
    ours = score(tmp_path / "results", cityscapes(tmp_path))

    found = ours["metrics"]
    for mine, name, count in (
        ("iou", "classScores", 19),
        ("iou_by_category", "categoryScores", 7),
        ("iiou_by_class", "classInstScores", 8),
    ):
        assert len(found[mine]) == count
        for key, value in found[mine].items():
            if value is None:
                assert math.isnan(theirs[name][key])
            else:
                assert value == pytest.approx(theirs[name][key], abs=1e-12)
    for mine, name in (
        ("miou", "averageScoreClasses"),
        ("iiou", "averageScoreInstClasses"),
        ("category_miou", "averageScoreCategories"),
        ("category_iiou", "averageScoreInstCategories"),
    ):
        assert found[mine] == pytest.approx(theirs[name], abs=1e-12)
    assert found["iou"]["fence"] is None
    assert ours["images"] == 5
    low, high = ours["interval"]["miou"]
    assert low < found["miou"] < high


def test_one_thread_and_several_give_the_same(layout):
    root, *_ = layout
    one = score(root / "results", cityscapes(root), workers=1)
    assert repr(score(root / "results", cityscapes(root), workers=4)) == repr(one)


def test_json_has_null_for_nan(layout):
    root, *_ = layout
    found = json.loads(json.dumps(score(root / "results", cityscapes(root)), allow_nan=False))
    assert found["schema"] == 1
    assert found["metrics"]["iou"]["fence"] is None
    assert 0 < found["metrics"]["miou"] < 1


def test_train_ids(layout):
    root, predictions, _ = layout
    before = score(root / "results", cityscapes(root))
    table = np.full(256, 255, np.uint8)
    for c in CITYSCAPES:
        table[c.label_id] = c.train_id
    for path in predictions:
        rewrite(path, lambda a: table[a])
    after = score(root / "results", cityscapes(root), encoding="trainIds")
    assert all(after["metrics"][k] == before["metrics"][k] for k in ("iou", "iiou_by_class"))
    # Read as labelIds they'd give nonsense: that is said.
    assert score(root / "results", cityscapes(root))["notes"] == [WRONG_ENCODING]
    assert after["notes"] == []


def test_255_is_a_void_prediction_like_0(layout):
    root, predictions, _ = layout
    before = score(root / "results", cityscapes(root))
    for path in predictions:
        rewrite(path, lambda a: np.where(a == 0, 255, a).astype(np.uint8))
    assert repr(score(root / "results", cityscapes(root))) == repr(before)


def test_values_that_mean_nothing_are_named(layout):
    root, predictions, _ = layout
    rewrite(predictions[2], lambda a: np.where(a == 26, 34, a).astype(np.uint8))
    with pytest.raises(DatasetError, match=r"bochum|aachen") as e:
        score(root / "results", cityscapes(root))
    assert "34" in e.value.message
    with pytest.raises(DatasetError) as e:
        score(root / "results", cityscapes(root), encoding="trainIds")
    assert "--encoding labelIds" in e.value.hint


def test_sixteen_bits_are_read_and_larger_values_refused(layout):
    root, predictions, _ = layout
    before = score(root / "results", cityscapes(root))
    rewrite(predictions[0], lambda a: a.astype(np.uint16))
    assert repr(score(root / "results", cityscapes(root))) == repr(before)
    rewrite(predictions[0], lambda a: a * 1000)
    with pytest.raises(DatasetError, match="read as labelIds"):
        score(root / "results", cityscapes(root))


def test_a_missing_a_doubled_and_a_small_prediction_are_named(layout):
    root, predictions, _ = layout
    twin = root / "results" / "deeper" / predictions[1].name.replace("pred", "again")
    twin.parent.mkdir()
    shutil.copy(predictions[1], twin)
    with pytest.raises(DatasetError) as e:
        score(root / "results", cityscapes(root))
    assert str(twin) in e.value.message
    assert str(predictions[1]) in e.value.message
    twin.unlink()
    kept = predictions[3].rename(root / "aside.png")
    with pytest.raises(DatasetError, match="bochum_000003_000019 has no prediction"):
        score(root / "results", cityscapes(root))
    kept.rename(predictions[3])
    rewrite(predictions[3], lambda a: a[:, :-1].copy())
    with pytest.raises(DatasetError, match="95 x 48 pixels, its ground truth 96 x 48"):
        score(root / "results", cityscapes(root))
    with pytest.raises(DatasetError, match="is no folder"):
        score(root / "nowhere", cityscapes(root))


def test_colours_and_damage_are_named(layout):
    root, predictions, _ = layout
    predictions[0].write_bytes(predictions[0].read_bytes()[:200])
    with pytest.raises(DatasetError, match=predictions[0].name):
        score(root / "results", cityscapes(root))
    cv2.imwrite(str(predictions[0]), np.zeros((48, 96, 3), np.uint8))
    with pytest.raises(DatasetError, match=predictions[0].name):
        score(root / "results", cityscapes(root))


def test_pairs_by_stem_whatever_follows_in_any_folder(layout):
    root, predictions, _ = layout
    before = score(root / "results", cityscapes(root))
    for number, path in enumerate(predictions):
        ending = ("", "-x", "_gtFine_labelIds", "_leftImg8bit", ".maps")[number]
        to = root / "results" / str(number) / f"{path.stem.removesuffix('_pred')}{ending}.png"
        to.parent.mkdir()
        path.rename(to)
    # Neither another frame that begins alike nor another image is in the way.
    for name in ("aachen_000000_0000190.png", "ulm_000000_000019.png", "notes.png"):
        (root / "results" / name).write_bytes(b"")
    assert repr(score(root / "results", cityscapes(root))) == repr(before)


def test_without_instance_files_there_is_no_iiou(layout):
    root, _, truths = layout
    for path in truths:
        Path(str(path).replace("labelIds", "instanceIds")).unlink()
    found = score(root / "results", cityscapes(root))
    assert found["metrics"]["iiou"] is None
    assert found["metrics"]["miou"] is not None


def test_a_folder_pairs_by_file_name_and_has_its_own_classes(tmp_path):
    rng = np.random.default_rng(0)
    for kind in ("images", "masks", "out"):
        (tmp_path / kind).mkdir()
    truth = rng.integers(0, 3, (2, 8, 12)).astype(np.uint8)
    truth[:, 0] = 9
    guess = np.where(truth == 2, 9, truth).astype(np.uint8)
    for name, t, g in zip(("a_1", "b.2"), truth, guess, strict=True):
        cv2.imwrite(str(tmp_path / "images" / f"{name}.png"), np.zeros((8, 12, 3), np.uint8))
        cv2.imwrite(str(tmp_path / "masks" / f"{name}.png"), t)
        cv2.imwrite(str(tmp_path / "out" / f"{name}.png"), g)
    spec = Dataset(
        name="mine", loader="folder", root=str(tmp_path), classes=("x", "y", "z"), ignore_index=9
    )
    found = score(tmp_path / "out", spec)["metrics"]
    assert found["iou"] == {"x": 1.0, "y": 1.0, "z": 0.0}
    assert found["miou"] == pytest.approx(2 / 3)
    assert found["category_miou"] is None


def test_the_run_has_a_card_and_a_gate_that_sees_a_worse_prediction(layout):
    root, predictions, _ = layout
    first = scoring.score(root / "results", cityscapes(root), root / "good", name="mine")
    assert first.case.id == "mine/labels-predictions-unknown/any/cityscapes"
    for path in predictions:
        rewrite(path, lambda a: np.where(a == 26, 7, a).astype(np.uint8))
    scoring.score(root / "results", cityscapes(root), root / "bad", name="mine")
    good, bad = read_run(root / "good"), read_run(root / "bad")
    assert judge(good, good).outcome == "open"
    assert all(result.started.endswith("Z") for result in good.results)
    found = judge(bad, good)
    assert found.outcome == "closed"
    assert any(v.metric == "miou" and v.kind == "regressed" for v in found.verdicts)
    text = write_card(root / "good").markdown.read_text()
    assert f"{100 * rows(good)[0].value('miou'):.2f}" in text


@given(
    maps=st.integers(1, 4).flatmap(
        lambda n: st.lists(st.tuples(*[st.integers(0, 3)] * n), min_size=1, max_size=30)
    )
)
def test_runs_hold_every_pixel(maps):
    flat = [np.array(values, np.uint8) for values in zip(*maps, strict=True)]
    pixels, runs = _runs(*flat)
    assert all(
        np.array_equal(np.repeat(r, pixels), whole) for r, whole in zip(runs, flat, strict=True)
    )
    together = np.stack(runs)
    assert np.all((together[:, 1:] != together[:, :-1]).any(axis=0))  # none could be longer


def test_counts_of_runs_are_those_of_pixels():
    rng = np.random.default_rng(0)
    truth, guess = rng.integers(0, 4, (2, 40, 60), np.uint8).repeat(3, axis=2)
    ids = np.where(truth == 2, 3000 + rng.integers(0, 3, truth.shape), 0).astype(np.int32)
    pixels, (row, column, number) = _runs(truth, guess, ids)
    assert np.array_equal(_joint(row, column, pixels), confusion.joint(truth, guess))
    found = instances.count(number, column, None, pixels)
    expected = instances.count(ids, guess)
    assert {k: v.tolist() for k, v in found.items()} == {k: v.tolist() for k, v in expected.items()}
