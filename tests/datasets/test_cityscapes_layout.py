from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bench.datasets.base import VOID
from bench.datasets.cityscapes_layout import LayoutImages, city_of, class_table, instance_table
from bench.datasets.decode import png
from bench.errors import DatasetError
from bench.suite.classes import CITYSCAPES
from bench.suite.dataset import Dataset

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
    return LayoutImages(root, "val", (STEM,), class_table(_spec()))


def test_city_may_hold_underscores() -> None:
    assert city_of(STEM) == "old_town"


def test_every_label_id_maps_by_the_table() -> None:
    table = class_table(_spec())
    expected = np.full(256, VOID)
    for c in CITYSCAPES:
        expected[c.label_id] = c.train_id
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


def test_wide_labels_are_refused(tmp_path: Path) -> None:
    images = _write(tmp_path, np.zeros((2, 2), np.uint16), None)
    with pytest.raises(DatasetError, match="16 bits"):
        images.truth(0)
