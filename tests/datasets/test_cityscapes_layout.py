from __future__ import annotations

import json
import tempfile
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.datasets.base import VOID, content_digest
from bench.datasets.cityscapes_layout import LayoutImages, city_of, class_table, instance_table
from bench.datasets.decode import UNKNOWN, png
from bench.errors import DatasetError
from bench.suite.classes import CITYSCAPES
from bench.suite.dataset import Dataset
from tests.official import write_layout, write_panoptic

STEM = "old_town_000003_000019"


def _spec(**more: object) -> Dataset:
    return Dataset(name="c", loader="cityscapes", **more)


def _write(root: Path, labels: np.ndarray, instances: np.ndarray | None) -> LayoutImages:
    for kind in ("leftImg8bit", "gtFine"):
        (root / kind / "val" / "old_town").mkdir(parents=True)
    base = root / "gtFine/val/old_town" / STEM
    (root / "leftImg8bit/val/old_town" / f"{STEM}_leftImg8bit.png").write_bytes(
        png(np.zeros((*labels.shape, 3), np.uint8))
    )
    Path(f"{base}_gtFine_labelIds.png").write_bytes(png(labels))
    if instances is not None:
        Path(f"{base}_gtFine_instanceIds.png").write_bytes(png(instances))
    return LayoutImages(root, "val", (STEM,), _spec())


def _again(images: LayoutImages, **spec) -> LayoutImages:
    """The same split, opened anew."""
    return LayoutImages(images.root, images.split, images.names, _spec(**spec))


def test_city_may_hold_underscores() -> None:
    assert city_of(STEM) == "old_town"


def test_every_label_id_maps_by_the_table() -> None:
    table = class_table(_spec())
    expected = np.full(256, VOID)
    for c in CITYSCAPES:
        expected[c.label_id] = c.train_id
    expected[34:255] = UNKNOWN
    assert np.array_equal(table, expected)


def test_classes_of_the_spec_decide_about_indices() -> None:
    table = class_table(_spec(classes=("car", "road")))
    assert (table[26], table[7], table[8]) == (0, 1, VOID)
    assert instance_table(table)[26_003] == 1003
    assert instance_table(table)[24_003] == 0


def test_unknown_class_gets_the_nearest_word() -> None:
    with pytest.raises(DatasetError, match="'sidewlak'") as caught:
        class_table(_spec(classes=("sidewlak",)))
    assert "'sidewalk'" in caught.value.hint


def test_a_value_that_is_no_label_is_named_and_counted(tmp_path: Path) -> None:
    images = _write(tmp_path, np.array([[7, 77, 77, 255]], np.uint8), None)
    with pytest.raises(
        DatasetError, match=r"labelIds.png holds the value 77, .* in 2 pixels\. labelIds are"
    ):
        images.truth(0)


def test_reads_labels_and_instances(tmp_path: Path) -> None:
    # A building with a number is no instance: buildings are not counted.
    labels = np.array([[7, 26, 26, 24], [23, 33, 11, 26]], np.uint8)
    instances = np.array([[7, 26_000, 26_007, 24], [23, 33_001, 11_002, 26]], np.uint16)
    images = _write(tmp_path, labels, instances)
    assert images.groups == ("old_town",)
    assert images.image(0).shape == (2, 4, 3)
    assert images.truth(0).tolist() == [[0, 13, 13, 11], [10, 18, 2, 13]]
    found = images.instances(0)
    assert found is not None
    assert found.dtype == np.int32
    assert found.tolist() == [[0, 14_000, 14_007, 0], [0, 19_001, 0, 0]]
    assert [p.name.rsplit("_", 1)[1] for p in images.files(0)] == [
        "leftImg8bit.png", "labelIds.png", "instanceIds.png",
    ]  # fmt: skip


def test_instances_may_be_absent(tmp_path: Path) -> None:
    images = _write(tmp_path, np.zeros((2, 2), np.uint8), None)
    assert images.instances(0) is None
    assert len(images.files(0)) == 2


def test_segments_of_instance_ids(tmp_path: Path) -> None:
    # Road, two cars and a region of cars, a crowd of people, a caravan (not evaluated), void.
    ids = np.array([[7, 7, 26_000, 26_007], [26, 24, 29_000, 0]], np.uint16)
    images = _write(tmp_path, np.zeros((2, 4), np.uint8), ids)
    found = images.segments(0)
    assert found is not None
    assert found.classes.tolist() == [0, 11, 13, 13, 13]
    assert found.crowd.tolist() == [False, True, True, False, False]
    assert found.ids.tolist() == [[1, 1, 4, 5], [3, 2, 0, 0]]
    few = _again(images, classes=("car", "road")).segments(0)
    assert few is not None
    assert few.classes.tolist() == [1, 0, 0, 0]
    assert few.ids.tolist() == [[1, 1, 3, 4], [2, 0, 0, 0]]


def test_no_instance_ids_no_segments(tmp_path: Path) -> None:
    assert _write(tmp_path, np.zeros((2, 2), np.uint8), None).segments(0) is None


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), absent=st.sets(st.sampled_from(range(34)), max_size=20))
def test_segments_equal_cityscapesscripts(seed: int, absent: set[int]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        _, truths = write_layout(root, images=2, seed=seed, absent=(13, *absent))
        stems = tuple(sorted(p.name.removesuffix("_gtFine_labelIds.png") for p in truths))
        own = LayoutImages(root, "val", stems, _spec())
        ours = [own.segments(i) for i in range(2)]
        file = json.loads(write_panoptic(root).read_text())
        theirs = LayoutImages(root, "val", stems, _spec())
        for i, stem in enumerate(stems):
            (listed,) = [a for a in file["annotations"] if a["image_id"] == stem]
            colours = cv2.imread(str(root / "gtFine/cityscapes_panoptic_val" / listed["file_name"]))
            ids = colours[..., ::-1].astype(np.int64) @ [1, 256, 65536]
            names = {c.label_id: c.train_id for c in CITYSCAPES}
            found = ours[i]
            assert found is not None
            assert found.classes.tolist() == [
                names[s["category_id"]] for s in listed["segments_info"]
            ]
            assert found.crowd.tolist() == [s["iscrowd"] == 1 for s in listed["segments_info"]]
            order = np.array([0, *(s["id"] for s in listed["segments_info"])])
            assert np.array_equal(order[found.ids], ids)
            read = theirs.segments(i)
            assert read is not None
            assert np.array_equal(read.ids, found.ids)
            assert np.array_equal(read.classes, found.classes)
            assert np.array_equal(read.crowd, found.crowd)


def test_the_panoptic_file_wins_where_it_is_there(tmp_path: Path) -> None:
    ids = np.array([[7, 26_000], [26_001, 0]], np.uint16)
    images = _write(tmp_path, np.zeros((2, 2), np.uint8), ids)
    before = content_digest(images), content_digest(images, segments=True)
    assert before[0] == before[1]
    images = _again(images)
    path = write_panoptic(tmp_path)
    raw = json.loads(path.read_text())
    raw["annotations"][0]["segments_info"][1]["iscrowd"] = 1
    path.write_text(json.dumps(raw))
    found = _again(images).segments(0)
    assert found is not None
    assert found.crowd.tolist() == [False, True, False]
    # The digest of a panoptic case covers it, that of a semantic case doesn't.
    assert content_digest(_again(images)) == content_digest(images) == before[0]
    names = [p.name for p in _again(images).segment_files(0)]
    assert names == [f"{STEM}_gtFine_panoptic.png", "cityscapes_panoptic_val.json"]
    assert content_digest(_again(images), segments=True) != before[1]
    path.with_suffix("").rename(tmp_path / "elsewhere")
    with pytest.raises(DatasetError, match=r"_panoptic\.png is missing"):
        _again(images).segments(0)
    raw["annotations"].clear()
    path.write_text(json.dumps(raw))
    with pytest.raises(DatasetError, match=f"no annotation of image '{STEM}'"):
        _again(images).segments(0)


def test_wide_labels_are_refused(tmp_path: Path) -> None:
    images = _write(tmp_path, np.zeros((2, 2), np.uint16), None)
    with pytest.raises(DatasetError, match="16 bits"):
        images.truth(0)
