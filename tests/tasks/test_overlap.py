import math

import numpy as np
import pytest

from bench.datasets.cityscapes_layout import class_table
from bench.datasets.decode import read_map
from bench.suite.classes import CITYSCAPES
from bench.tasks import confusion, overlap
from bench.tasks.base import mean
from tests.builders import dataset
from tests.official import official, write_layout
from tests.tasks import scored

NAMES = tuple(c.name for c in CITYSCAPES)
TABLE = class_table(dataset())


@pytest.fixture(scope="module", params=[0, 1, 2])
def judged(request, tmp_path_factory):
    """What the official evaluator says of files, and our counts of the same."""
    root = tmp_path_factory.mktemp("layout")
    predictions, truths = write_layout(root, seed=request.param)
    counts = [
        confusion.count(TABLE[read_map(t)], TABLE[read_map(p)], 19)
        for p, t in zip(predictions, truths, strict=True)
    ]
    return official(predictions, truths), confusion.stack(counts, 19)


def test_classes_are_those_of_the_official_evaluator(judged):
    theirs, counts = judged
    ours = dict(zip(NAMES, scored.class_iou(overlap.pooled(counts)), strict=True))
    for name in NAMES:
        assert ours[name] == pytest.approx(theirs["classScores"][name], abs=1e-12, nan_ok=True)
    assert math.isnan(ours["fence"]), "absent from truth and predictions"
    assert ours["bus"] == 0.0, "predicted, and absent from the truth"
    assert scored.miou(counts) == pytest.approx(theirs["averageScoreClasses"], abs=1e-12)


def test_categories_are_those_of_the_official_evaluator(judged):
    theirs, counts = judged
    ours = scored.category_iou(counts, overlap.categories(NAMES))
    official_scores = {k: v for k, v in theirs["categoryScores"].items() if k != "void"}
    assert ours == pytest.approx(official_scores, abs=1e-12)
    together = float(mean(np.array(list(ours.values()))))
    assert together == pytest.approx(theirs["averageScoreCategories"], abs=1e-12)


def counts_of(rows):
    return np.array(rows, np.int64)


def test_void_truth_counts_nowhere_and_void_predictions_are_misses():
    counts = counts_of([[6, 0, 2], [0, 4, 0], [50, 60, 70]])
    assert scored.class_iou(counts).tolist() == [6 / 8, 1.0]
    assert overlap.pixel_accuracy(counts) == 10 / 12


def test_images_are_summed_before_dividing():
    images = counts_of([[[1, 0, 0], [1, 0, 0], [0, 0, 0]], [[9, 0, 0], [0, 9, 0], [0, 0, 0]]])
    assert scored.miou(images) == pytest.approx((10 / 11 + 9 / 10) / 2)


def test_nothing_labelled_is_nan_without_a_warning():
    counts = counts_of([[0, 0], [5, 5]])
    assert math.isnan(scored.miou(counts))
    assert math.isnan(overlap.pixel_accuracy(counts))
    assert all(math.isnan(v) for v in scored.category_iou(counts, ["flat"]).values())


def test_other_classes_have_no_categories():
    assert overlap.categories(("road", "tree")) is None
    assert overlap.categories(()) is None
    assert overlap.categories(("road", "car")) == ("flat", "vehicle")
