import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.datasets.cityscapes_layout import class_table, instance_table
from bench.datasets.decode import read_map
from bench.errors import RecordError
from bench.suite.classes import CITYSCAPES
from bench.tasks import confusion, instances, overlap
from bench.tasks.base import joined
from tests.builders import dataset
from tests.official import evaluator, official, write_layout

NAMES = tuple(c.name for c in CITYSCAPES)
CATEGORIES = overlap.categories(NAMES)
TABLE = class_table(dataset())
EXTENDED = TABLE.copy()
EXTENDED[[29, 30]] = 19, 20
IDS = instance_table(TABLE)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_iiou_is_that_of_the_official_evaluator(tmp_path, seed):
    predictions, truths = write_layout(tmp_path, seed=seed)
    theirs = official(predictions, truths)
    of = (*CATEGORIES, *instances.UNEVALUATED.values())
    wide, found = np.zeros((22, 22), np.int64), []
    for prediction, truth in zip(predictions, truths, strict=True):
        guess = EXTENDED[read_map(prediction)]
        ids = IDS[read_map(truth.with_name(truth.name.replace("labelIds", "instanceIds")))]
        wide += confusion.count(TABLE[read_map(truth)], guess, 21)
        found.append(instances.count(ids, guess, of))
    counts, arrays = confusion.fold(wide, 19), joined(found, instances.FIELDS)
    vehicle = np.array([c == "vehicle" for c in overlap.categories(NAMES)])
    stray = {"vehicle": int(wide[:19][~vehicle][:, 19:21].sum())}
    assert stray["vehicle"] > 0, "the files hold what tells the two rules apart"
    ours = instances.class_iiou(counts, arrays, NAMES)
    expected = {k: v for k, v in theirs["classInstScores"].items() if k in ours}
    assert ours == pytest.approx(expected, abs=1e-12, nan_ok=True)
    assert ours["bus"] == 0.0, "predicted, and absent from the truth"
    by_category = instances.category_iiou(counts, arrays, NAMES, stray)
    expected = {k: theirs["categoryInstScores"][k] for k in ("human", "vehicle")}
    assert by_category == pytest.approx(expected, abs=1e-12)


def test_sizes_and_categories_are_those_of_the_official_evaluator():
    module = evaluator()
    for name, size in instances.AVERAGE_SIZE.items():
        assert module.args.avgClassSize[name] == size
    assert {*instances.AVERAGE_SIZE} == {c.name for c in CITYSCAPES if c.has_instances}
    stats = module.generateInstanceStats(module.args)
    assert set(instances.CATEGORIES) == set(stats["categories"])
    labels = {module.id2label[i].name for i in stats["categories"]["vehicle"]["labelIds"]}
    assert labels - set(NAMES) == set(instances.UNEVALUATED)


@given(st.integers(0, 2**32 - 1), st.integers(1, 5000))
def test_counts_are_those_of_a_loop_over_instances(seed, pixels):
    rng = np.random.default_rng(seed)
    index = rng.integers(11, 19, pixels)
    ids = np.where(rng.random(pixels) < 0.6, (index + 1) * 1000 + rng.integers(0, 3, pixels), 0)
    guess = rng.choice([*range(19), 255], pixels).astype(np.uint8)
    family = {c.train_id: c.category for c in CITYSCAPES}
    expected = []
    for one in np.unique(ids[ids > 0]).tolist():
        owner, inside = one // 1000 - 1, guess[ids == one].tolist()
        near = sum(family.get(p) == family[owner] for p in inside)
        expected.append((owner, len(inside), inside.count(owner), near))
    found = instances.count(ids.astype(np.int32), guess, CATEGORIES)
    assert list(zip(*(found[k].tolist() for k in instances.FIELDS), strict=True)) == expected


def test_images_are_numbered_when_stacked():
    ids = np.array([[12000, 12001, 0]], np.int32)
    one = instances.count(ids, np.array([[11, 12, 0]], np.uint8), CATEGORIES)
    none = instances.count(np.zeros((2, 2), np.int32), np.zeros((2, 2), np.uint8), CATEGORIES)
    stacked = joined([one, none, one], instances.FIELDS)
    assert stacked["image"].tolist() == [0, 0, 2, 2]
    assert stacked["category_hit"].tolist() == [1, 1, 1, 1]
    assert {a.dtype for a in stacked.values()} == {np.dtype(np.uint32)}
    assert joined([], instances.FIELDS)["size"].size == 0


def test_without_categories_each_class_is_its_own():
    ids = np.array([12000, 12000, 12000, 255000], np.int32)
    found = instances.count(ids, np.array([11, 12, 255, 254], np.uint8))
    assert found["category_hit"].tolist() == found["hit"].tolist() == [1, 1]


def test_without_instances_of_a_class_its_iiou_is_nan():
    counts = np.zeros((20, 20), np.int64)
    empty = joined([], instances.FIELDS)
    assert all(math.isnan(v) for v in instances.class_iiou(counts, empty, NAMES).values())
    assert all(math.isnan(v) for v in instances.category_iiou(counts, empty, NAMES).values())
    assert instances.category_iiou(counts[:3, :3], empty, ("tree", "sky")) == {}


def test_a_record_that_does_not_fit_is_named():
    ids = np.array([[19000]], np.int32)
    arrays = instances.count(ids, np.array([[18]], np.uint8), CATEGORIES)
    with pytest.raises(RecordError, match="don't fit 2 classes"):
        instances.class_iiou(np.zeros((3, 3), np.int64), arrays, ("car", "bus"))
