from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bench.datasets.ade20k_full import AdeFullLoader
from bench.datasets.base import VOID
from bench.datasets.decode import png
from bench.errors import DatasetError
from bench.suite.dataset import Dataset

LOADER = AdeFullLoader()
OBJECTS = {
    2978: "wall",
    2131: "road, route",
    312: "building",
    7: "abacus",
    2352: "screen, CRT screen",
}


def _spec(root: Path, **more: object) -> Dataset:
    fields = {
        "name": "ade", "loader": "ade20k_full", "root": str(root), "classes": "ade20k",
        "class_map": "ade20k", "options": {"splits": {"val": "validation"}}, **more,
    }  # fmt: skip
    return Dataset.model_validate(fields)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "images/ADE/validation/urban/street"
    folder.mkdir(parents=True)
    numbers = np.array([[2978, 2131, 312], [7, 2352, 0]])
    colours = np.dstack([numbers // 256 * 10 + 3, numbers % 256, numbers % 5]).astype(np.uint8)
    colours[1, 2] = 0
    (folder / "ADE_val_00000001_seg.png").write_bytes(png(colours))
    Image.fromarray(np.zeros((2, 3, 3), np.uint8)).save(folder / "ADE_val_00000001.jpg")
    objects = [{"name_ndx": n, "name": name} for n, name in OBJECTS.items()]
    (folder / "ADE_val_00000001.json").write_text(json.dumps({"annotation": {"object": objects}}))
    return tmp_path


def test_objects_are_matched_by_name(root: Path, tmp_path: Path) -> None:
    LOADER.prepare(_spec(root), tmp_path)
    spec = _spec(root)
    images = LOADER.open(spec, tmp_path)
    assert images.names == ("ADE_val_00000001",)
    assert images.image(0).shape == (2, 3, 3)
    # A CRT screen is no silver screen, whose first synonym is the same; an abacus is no class.
    of = [spec.classes.index(n) for n in ("wall", "road", "building")]
    assert images.truth(0).tolist() == [of, [VOID, VOID, VOID]]


def test_an_object_without_a_name_is_refused(root: Path, tmp_path: Path) -> None:
    (path,) = root.rglob("*.json")
    path.write_text(json.dumps({"annotation": {"object": [{"name_ndx": 7, "name": "wall"}]}}))
    with pytest.raises(
        DatasetError, match=r"_seg\.png holds the object 312, which .* does not name"
    ):
        LOADER.open(_spec(root), tmp_path).truth(0)
    path.write_text("{}")
    with pytest.raises(DatasetError, match=r"json is no description .* no key 'annotation'"):
        LOADER.prepare(_spec(root), tmp_path)


def test_classes_that_no_object_has_are_refused(root: Path, tmp_path: Path) -> None:
    spec = _spec(root, classes=("road", "sidewalk", "building"), class_map={})
    (path,) = root.rglob("*.json")
    path.write_text(json.dumps({"annotation": {"object": [{"name_ndx": 7, "name": "abacus"}]}}))
    with pytest.raises(DatasetError, match=r"No object .*\(road, sidewalk, building \.\.\.\)"):
        LOADER.prepare(spec, tmp_path)


def test_the_benchmarks_folder_is_told_apart(tmp_path: Path) -> None:
    (tmp_path / "annotations").mkdir()
    with pytest.raises(DatasetError, match="That is ADEChallengeData2016: use the data set ade20k"):
        LOADER.plan_digest(_spec(tmp_path))


def test_a_file_that_is_missing_is_named(root: Path) -> None:
    next(root.rglob("*_seg.png")).unlink()
    with pytest.raises(DatasetError, match=r"_seg\.png is missing"):
        LOADER.plan_digest(_spec(root))
