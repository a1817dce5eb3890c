from __future__ import annotations

import numpy as np
import pytest

from bench.record.base import ArrayFile
from bench.record.counts import ConfusionMeasurement
from bench.record.store import write_arrays
from bench.segments import VOID
from bench.suite.classes import CITYSCAPES
from bench.tasks import overlap
from bench.tasks.semantic import SemanticTask, counts_of
from tests import builders
from tests.tasks import scored

TASK = SemanticTask()
SET = builders.dataset(classes=tuple(c.name for c in CITYSCAPES))


def images(count: int = 3, seed: int = 0):
    rng = np.random.default_rng(seed)
    return [rng.integers(0, 19, (2, 12, 16)).astype(np.uint8) for _ in range(count)]


def test_what_is_measured_is_what_the_ratios_are_made_of(tmp_path) -> None:
    ids = np.zeros((12, 16), np.int32)
    ids[:4] = 11 * 1000 + 1000  # one person
    tallies = [TASK.tally(t, p, SET, ids) for t, p in images()]
    seen = {"classes": SET.classes, "images": ("a", "b", "c"), "asked": 3, "groups": ()}
    (counts, arrays), (inside, each) = TASK.measured(tallies, seen)
    assert inside == {"kind": "instances", "classes": SET.classes, "images": ("a", "b", "c")}
    assert each["size"].tolist() == [64, 64, 64]
    file = write_arrays(tmp_path, "case", "confusion", arrays)
    found = ConfusionMeasurement(**counts, arrays=file)
    np.testing.assert_array_equal(counts_of(tmp_path, found), [t["counts"] for t in tallies])
    made = TASK.ratios(found, tmp_path)
    assert tuple(made) == TASK.class_metrics
    together = sum(t["counts"] for t in tallies)
    np.testing.assert_array_equal(made["iou"].pooled(), scored.class_iou(together))
    of = overlap.categories(SET.classes)
    assert dict(zip(made["category_iou"].names, made["category_iou"].pooled(), strict=True)) == (
        scored.category_iou(together, of)
    )


def test_classes_off_cityscapes_have_no_categories() -> None:
    (truth, prediction), *_ = images()
    other = builders.dataset(classes=tuple(f"class {i}" for i in range(19)))
    tally = TASK.tally(truth, prediction, other, None)
    assert tuple(tally) == ("counts",)


def test_a_reference_is_kept_and_void_in_both_agrees(tmp_path) -> None:
    (truth, prediction), *_ = images()
    truth[0] = prediction[0] = VOID
    TASK.write(tmp_path / "labels-00000", prediction)
    np.testing.assert_array_equal(TASK.read(tmp_path / "labels-00000"), prediction)
    assert TASK.read(tmp_path / "labels-00001") is None
    np.testing.assert_array_equal(TASK.agree(truth, prediction), truth == prediction)
    assert TASK.agree(truth, prediction)[0].all()


def test_a_missing_file_is_named(tmp_path) -> None:
    found = ConfusionMeasurement(
        classes=SET.classes, images=("a",), asked=1, arrays=ArrayFile(file="no.npz", sha256="0")
    )
    with pytest.raises(Exception, match=r"no\.npz"):
        TASK.ratios(found, tmp_path)
