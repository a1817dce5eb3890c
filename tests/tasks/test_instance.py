from __future__ import annotations

import contextlib
import io
from pathlib import Path

import numpy as np
import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from bench.errors import DatasetError, RecordError
from bench.metrics.intervals import Differences, mean_interval
from bench.objects import Objects, encoded, objects, of_segments
from bench.record.detections import DetectionsMeasurement, MasksMeasurement
from bench.record.store import read_arrays, write_arrays
from bench.segments import VOID, Segments
from bench.tasks.base import mean
from bench.tasks.instance import InstanceTask
from tests import builders

TASK = InstanceTask()
CLASSES = ("person", "sky", "car", "kite")
SET = builders.dataset(classes=CLASSES, things=("person", "car", "kite"))
SIZE = (120, 150)


def _box(top: int, left: int, height: int, width: int) -> np.ndarray:
    mask = np.zeros(SIZE, bool)
    mask[top : top + height, left : left + width] = True
    return mask


def _boxes(rng: np.random.Generator, count: int) -> list[tuple[int, ...]]:
    corner, extent = rng.integers(0, 60, (count, 2)), rng.integers(4, 110, (count, 2))
    return np.hstack([corner, extent]).tolist()


def _image(seed: int) -> tuple[Objects, Objects]:
    """Objects of all sizes, some of them crowds, and detections near them and elsewhere, with ties."""
    rng = np.random.default_rng(seed)
    there = _boxes(rng, int(rng.integers(0, 7)))
    names = rng.choice([0, 1, 2], len(there))
    truth = objects(
        SIZE, [encoded(_box(*b)) for b in there], names, crowd=rng.random(len(there)) < 0.2
    )
    near = [
        tuple(np.maximum(1, np.array(b) + rng.integers(-3, 4, 4))) for b in there for _ in (0, 1)
    ]
    boxes = [*near, *_boxes(rng, 4)]
    kinds = [*np.repeat(names, 2), *rng.choice([0, 1, 2], 4)]
    scores = rng.integers(1, 8, len(boxes)) / 8
    return truth, objects(SIZE, [encoded(_box(*b)) for b in boxes], kinds, scores=scores)


def _official(pairs: list[tuple[Objects, Objects]]) -> tuple[np.ndarray, np.ndarray]:
    """COCOeval's twelve numbers, and precision (T, R, K, A, M), of the things."""
    images = [{"id": i, "height": SIZE[0], "width": SIZE[1]} for i in range(len(pairs))]
    categories = [{"id": c, "name": n} for c, n in enumerate(CLASSES) if n in SET.thing_classes]
    kinds = {c["id"] for c in categories}

    def listed(of: Objects, image: int) -> list[dict]:
        return [
            {
                "image_id": image, "category_id": int(of.classes[k]), "segmentation": run,
                "area": float(of.areas[k]), "iscrowd": int(of.crowd[k]), "score": float(of.scores[k]),
            }
            for k, run in enumerate(of.runs())
            if int(of.classes[k]) in kinds
        ]  # fmt: skip

    made = []
    with contextlib.redirect_stdout(io.StringIO()):
        for side in (0, 1):
            found = [a for i, pair in enumerate(pairs) for a in listed(pair[side], i)]
            for n, annotation in enumerate(found, 1):
                annotation["id"] = n
            one = COCO()
            one.dataset = {"images": images, "categories": categories, "annotations": found}
            one.createIndex()
            made.append(one)
        theirs = COCOeval(*made, "segm")
        theirs.evaluate()
        theirs.accumulate()
        theirs.summarize()
    return theirs.stats, theirs.eval["precision"]


def _recorded(
    pairs: list[tuple[Objects, Objects]], folder: Path
) -> tuple[DetectionsMeasurement, MasksMeasurement]:
    tallies = [TASK.tally(t, p, SET, None) for t, p in pairs]
    names = tuple(f"i{i}" for i in range(len(pairs)))
    seen = {"classes": CLASSES, "images": names, "asked": len(pairs), "groups": ()}
    files = [
        {**fields, "arrays": write_arrays(folder, "case", fields["kind"], arrays)}
        for fields, arrays in TASK.measured(tallies, seen)
    ]
    return DetectionsMeasurement(**files[0]), MasksMeasurement(**files[1])


@pytest.mark.parametrize("seed", range(4))
def test_scores_are_those_of_cocoeval(tmp_path: Path, seed: int) -> None:
    pairs = [_image(100 * seed + i) for i in range(8)]
    stats, precision = _official(pairs)
    found, _ = _recorded(pairs, tmp_path)
    result = builders.result(measurements=(found,))
    scores = TASK.scores(result, tmp_path)
    ratios = TASK.ratios(found, tmp_path)["ap"]
    assert mean(ratios.pooled()) == pytest.approx(stats[0], abs=1e-12)
    ours = [scores[k] for k in ("ap50", "ap75", "ap_small", "ap_medium", "ap_large", "ar")]
    for one, their in zip(ours, [*stats[1:6], stats[8]], strict=True):
        if their == -1:
            assert one == "no object of that size is in the ground truth"
        else:
            assert one == pytest.approx(their, abs=1e-12)
    by_class = {
        "ap": dict(zip(CLASSES, ratios.pooled(), strict=True)),
        **TASK.by_class(found, tmp_path),
    }
    for k, name in enumerate(("person", "car", "kite")):
        for metric, at in (("ap", slice(None)), ("ap50", slice(0, 1)), ("ap75", slice(5, 6))):
            own = precision[at, :, k, 0, -1]
            their = own.mean() if own.min() > -1 else np.nan
            assert by_class[metric][name] == pytest.approx(their, abs=1e-12, nan_ok=True)
    assert np.isnan(by_class["ap"]["sky"])


def test_the_generated_images_hold_every_case_of_the_rules() -> None:
    tallies = [TASK.tally(*_image(i), SET, None) for i in range(32)]
    every = {
        k: np.concatenate([t[k] for t in tallies]) for k in ("truth", "crowd", "matched", "ignored")
    }
    own = every["truth"] == 0
    assert every["crowd"][~own].any()
    assert {*np.unique(every["matched"][own] > 0)} == {True, False}
    assert (every["matched"][own] & every["ignored"][own]).any(), "some take a crowd"
    assert ((every["matched"][own, 1] == 0) & (every["ignored"][own, 1] > 0)).any()


def test_the_jackknife_leaves_one_image_out(tmp_path: Path) -> None:
    pairs = [_image(i) for i in range(10)]
    found, _ = _recorded(pairs, tmp_path)
    of = TASK.ratios(found, tmp_path)["ap"]
    left = [_official([p for j, p in enumerate(pairs) if j != i])[0][0] for i in range(10)]
    t = 2.262157  # of Student's distribution with nine degrees of freedom, 0.975
    half = t * np.sqrt(9 / 10 * ((np.array(left) - np.mean(left)) ** 2).sum())
    interval = mean_interval(of)
    assert interval.value == pytest.approx(_official(pairs)[0][0], abs=1e-12)
    assert (interval.high - interval.low) / 2 == pytest.approx(half, abs=1e-6)


def test_some_of_the_images_are_counted_anew(tmp_path: Path) -> None:
    pairs = [_image(i) for i in range(10)]
    found, _ = _recorded(pairs, tmp_path)
    of, some = TASK.ratios(found, tmp_path)["ap"], np.array([7, 2, 5])
    expected = _official([pairs[i] for i in some])[0][0]
    assert mean(of.at(some).pooled()) == pytest.approx(expected, abs=1e-12)
    assert of.at(np.arange(10)) is of
    both = Differences(of, of)
    assert (both.mean.value, both.mean.low, both.mean.high) == (0.0, 0.0, 0.0)


def test_a_class_in_one_image_alone_has_no_interval(tmp_path: Path) -> None:
    one = objects(SIZE, [encoded(_box(0, 0, 20, 20))], [3])
    pairs = [(one, one), *(_image(i) for i in range(5))]
    found, _ = _recorded(pairs, tmp_path)
    of = TASK.ratios(found, tmp_path)["ap"]
    assert of.pooled()[3] == pytest.approx(1)
    assert Differences(of, of).each["kite"].low is None
    assert mean_interval(of).low is not None


def test_masks_in_the_record_are_those_that_were_compared(tmp_path: Path) -> None:
    pairs = [_image(i) for i in range(3)]
    tallies = [TASK.tally(*pair, SET, None) for pair in pairs]
    found, masks = _recorded(pairs, tmp_path)
    kept, runs = (read_arrays(tmp_path, m.arrays) for m in (found, masks))
    assert masks.sizes == (SIZE,) * 3
    for i in range(3):
        own = runs["image"] == i
        entries = [
            b"".join(runs["runs"][own & (runs["entry"] == e)])
            for e in range(len(tallies[i]["score"]))
        ]
        again = objects(SIZE, entries, kept["class_index"][kept["image"] == i])
        assert again.areas.tolist() == kept["area"][kept["image"] == i].tolist()


def test_predictions_of_other_classes_are_left_out() -> None:
    found = objects(
        SIZE, [encoded(_box(0, 0, 4, k + 1)) for k in range(3)], [0, 5, 1], scores=[0.1, 0.2, 0.3]
    )
    table = np.full(256, VOID, np.uint8)
    table[:2] = [2, 0]
    mapped = TASK.mapped(found, table)
    assert mapped.classes.tolist() == [2, 0]
    assert mapped.areas.tolist() == [4, 12]
    assert TASK.classified(mapped) == 0


def test_the_surest_object_is_seen(tmp_path: Path) -> None:
    found = objects(
        SIZE,
        [encoded(_box(0, 0, 10, 10)), encoded(_box(0, 0, 20, 20)), encoded(_box(50, 50, 9, 9))],
        [0, 2, 3],
        scores=[0.9, 0.6, 0.4],
    )
    labels = TASK.labels(found)
    assert (labels[5, 5], labels[15, 15], labels[55, 55]) == (0, 2, VOID)
    TASK.write(tmp_path / "x", found)
    read = TASK.read(tmp_path / "x")
    assert TASK.agree(read, found).all()
    assert (read.masks, read.classes.tolist()) == (found.masks, [0, 2, 3])
    assert read.areas.tolist() == found.areas.tolist()
    assert TASK.read(tmp_path / "y") is None


def test_segments_are_objects_too() -> None:
    ids = np.zeros(SIZE, np.int32)
    ids[:10], ids[10:20] = 1, 3
    segments = Segments(ids, np.array([0, 1, 2], np.int32), np.array([False, False, True]))
    found = of_segments(segments)
    assert found.classes.tolist() == [0, 2]
    assert found.crowd.tolist() == [False, True]
    assert found.areas.tolist() == [1500, 1500]
    images = type("Images", (), {"objects": lambda *_: None, "segments": lambda *_: segments})()
    assert TASK.truth(images, 0).classes.tolist() == [0, 2]
    images = type("Images", (), {"objects": lambda *_: None, "segments": lambda *_: None})()
    with pytest.raises(DatasetError, match="Image 4 of the data set has no objects"):
        TASK.truth(images, 4)


def test_images_of_another_size_are_refused() -> None:
    one = objects((4, 4), [], [])
    with pytest.raises(ValueError, match=r"\(4, 4\) and \(4, 5\)"):
        TASK.tally(one, objects((4, 5), [], []), SET, None)


def test_a_record_without_its_arrays_is_told(tmp_path: Path) -> None:
    found, masks = _recorded([_image(0)], tmp_path)
    with pytest.raises(RecordError, match="Detections don't fit 1 images of 4 classes"):
        TASK.ratios(found.model_copy(update={"arrays": masks.arrays}), tmp_path)
    with pytest.raises(RecordError, match="class_index"):
        TASK.ratios(found.model_copy(update={"classes": ("one",)}), tmp_path)


def test_a_set_without_images_or_objects_has_no_ap(tmp_path: Path) -> None:
    found, _ = _recorded([], tmp_path)
    assert np.isnan(TASK.ratios(found, tmp_path)["ap"].pooled()).all()


def test_a_set_without_things_is_refused_before_anything_runs() -> None:
    case = builders.case(dataset=builders.dataset(classes=("sky", "sea")))
    with pytest.raises(DatasetError, match="names no class of things"):
        TASK.rule(len, case)
    assert TASK.rule(len, builders.case(dataset=SET)) is len
