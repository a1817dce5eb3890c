from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from bench.datasets.base import VOID
from bench.datasets.coco import CocoLoader
from bench.errors import DatasetError
from bench.objects import encoded
from bench.suite.dataset import Dataset
from bench.tasks.instance import InstanceTask

LOADER = CocoLoader()
SIZE = (6, 8)


def _spec(root: Path, **more: Any) -> Dataset:
    fields = {"split": "val2017", "classes": ("cat", "person"), "things": ("cat", "person"), **more}
    return Dataset(name="tiny", loader="coco", root=str(root), **fields)


def _mask(*rows: int) -> np.ndarray:
    mask = np.zeros(SIZE, bool)
    mask[list(rows)] = True
    return mask


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two images: a polygon, compressed and plain run lengths, a crowd, a category that isn't evaluated."""
    plain = {"size": [*SIZE], "counts": [0, 1, 47]}
    compressed = {"size": [*SIZE], "counts": encoded(_mask(0, 1, 2)).decode()}
    crowd = {"size": [*SIZE], "counts": [40, 8]}
    listed = [
        (139, 1, [[0, 0, 4, 0, 4, 2, 0, 2]], 8.5, 0),
        (139, 1, compressed, 24.0, 0),
        (139, 17, plain, 1.0, 0),
        (139, 1, crowd, 8.0, 1),
        (139, 18, plain, 1.0, 0),
    ]
    raw = {
        "images": [
            {"id": i, "file_name": f"{i:012d}.jpg", "height": SIZE[0], "width": SIZE[1]}
            for i in (285, 139)
        ],
        "categories": [{"id": i, "name": n} for i, n in ((1, "person"), (17, "cat"), (18, "dog"))],
        "annotations": [
            {"image_id": i, "category_id": c, "segmentation": s, "area": a, "iscrowd": w}
            for i, c, s, a, w in listed
        ],
    }
    (tmp_path / "val2017").mkdir()
    (tmp_path / "annotations").mkdir()
    for i in (139, 285):
        Image.fromarray(np.zeros((*SIZE, 3), np.uint8)).save(tmp_path / f"val2017/{i:012d}.jpg")
    (tmp_path / "annotations/instances_val2017.json").write_text(json.dumps(raw))
    return tmp_path


def test_objects_keep_their_masks_areas_and_crowds(root: Path, tmp_path: Path) -> None:
    LOADER.prepare(_spec(root), tmp_path)
    images = LOADER.open(_spec(root), tmp_path)
    assert images.names == ("000000000139", "000000000285")
    found = images.objects(0)
    assert found.size == SIZE
    assert found.classes.tolist() == [1, 1, 0, 1]
    assert found.areas.tolist() == [8.5, 24.0, 1.0, 8.0]
    assert found.crowd.tolist() == [False, False, False, True]
    assert found.scores.tolist() == [1, 1, 1, 1]
    assert np.array_equal(found.mask(1), _mask(0, 1, 2))
    assert found.mask(0)[:2, :4].all()
    assert found.mask(0).sum() == 8
    assert np.argwhere(found.mask(2)).tolist() == [[0, 0]]
    assert len(images.objects(1)) == 0
    assert InstanceTask().truth(images, 0).classes.tolist() == [1, 1, 0, 1]


def test_the_smaller_object_lies_on_top(root: Path, tmp_path: Path) -> None:
    truth = LOADER.open(_spec(root), tmp_path).truth(0)
    assert truth[0, :3].tolist() == [0, 1, 1]
    assert truth[4, 0] == VOID
    assert [p.name for p in LOADER.open(_spec(root), tmp_path).files(0)] == [
        "000000000139.jpg",
        "instances_val2017.json",
    ]


def _edited(root: Path, change: Callable[[dict], Any]) -> None:
    path = root / "annotations/instances_val2017.json"
    raw = json.loads(path.read_text())
    change(raw)
    path.write_text(json.dumps(raw))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda r: r.pop("categories"), "not in COCO's instance format: no key 'categories'"),
        (lambda r: r["annotations"][0].pop("area"), "no key 'area'"),
        (lambda r: r["annotations"][0].update(category_id=99), "139 the category 99, which its"),
        (
            lambda r: r["annotations"][0].update(segmentation=[[1]]),
            "mask of image 139 that can't be",
        ),
        (
            lambda r: r["annotations"][1]["segmentation"].update(size=[8, 6]),
            r"its size is \[8, 6\]",
        ),
        (lambda r: r["images"][1].update(file_name="../x.jpg"), r"names the path '\.\./x\.jpg'"),
        (lambda r: r["images"][1].update(height=7), r"139\.jpg is 6 x 8 pixels, .* says 7 x 8"),
        (lambda r: r["images"][0].update(file_name="a.jpg"), r"a\.jpg is missing"),
        (lambda r: r.update(images=[]), "names no images"),
    ],
)
def test_what_is_wrong_is_named(root: Path, tmp_path: Path, change: Callable, said: str) -> None:
    _edited(root, change)
    with pytest.raises(DatasetError, match=said):
        _everything(root, tmp_path)


def _everything(root: Path, cache: Path) -> None:
    LOADER.prepare(_spec(root), cache)
    images = LOADER.open(_spec(root), cache)
    for i in range(2):
        images.objects(i)


def test_classes_are_those_of_the_file(root: Path) -> None:
    with pytest.raises(
        DatasetError, match=r"'dogs', which .* lacks\..*\"person\", \"cat\", \"dog\""
    ):
        LOADER.plan_digest(_spec(root, classes=("dogs",)))
    with pytest.raises(DatasetError, match=r"instances_train2017\.json can't be read"):
        LOADER.open(_spec(root), root, split="train2017")
