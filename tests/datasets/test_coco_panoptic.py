from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from bench.datasets.base import VOID, content_digest
from bench.datasets.coco_panoptic import CocoPanopticLoader
from bench.errors import DatasetError
from tests.datasets.cocoed import edited, spec, write

LOADER = CocoPanopticLoader()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write(tmp_path / "coco")


def test_opens_in_the_order_of_names(root: Path, tmp_path: Path) -> None:
    LOADER.prepare(spec(root), tmp_path)
    images = LOADER.open(spec(root), tmp_path)
    assert images.names == ("000000000139", "000000000285")
    assert images.groups == ()
    assert images.image(0).shape == (6, 8, 3)
    assert abs(int(images.image(0)[0, 0, 0]) - 139) <= 1
    assert LOADER.open(spec(root), tmp_path, count=1).names == ("000000000139",)


def test_segments_have_the_specs_classes(root: Path, tmp_path: Path) -> None:
    images = LOADER.open(spec(root), tmp_path)
    found = images.segments(0)
    assert found.classes.tolist() == [0, 1, 1, 2]
    assert found.crowd.tolist() == [False, False, False, True]
    assert found.ids[:, 0].tolist() == [1, 1, 2, 2, 4, 4]
    assert found.ids[:, 7].tolist() == [1, 1, 3, 3, 0, 0]
    assert found.ids[4].tolist() == [4, 4, 0, 0, 0, 0, 0, 0]  # a rug isn't evaluated; then void
    assert images.segments(1).classes.tolist() == [2]


def test_truth_follows_the_segments(root: Path, tmp_path: Path) -> None:
    images = LOADER.open(spec(root), tmp_path)
    assert images.truth(0)[:, 0].tolist() == [0, 0, 1, 1, 2, 2]
    assert images.truth(0)[5, 7] == VOID
    assert images.instances(0) is None


def test_folders_may_have_other_names(root: Path, tmp_path: Path) -> None:
    (root / "val2017").rename(root / "photographs-val2017")
    (root / "annotations").rename(root / "truth")
    options = {"images": "photographs-{split}", "panoptic": "truth/panoptic_{split}"}
    assert len(LOADER.open(spec(root, options=options), tmp_path).segments(0).classes) == 4
    with pytest.raises(DatasetError, match="unknown option 'imags'"):
        LOADER.plan_digest(spec(root, options={"imags": "x"}))


def test_another_split_is_read_from_its_own_files(root: Path, tmp_path: Path) -> None:
    write(root, "train2017")
    assert "train2017" in str(LOADER.open(spec(root), tmp_path, split="train2017").files(0)[0])
    with pytest.raises(DatasetError, match=r"panoptic_test2017\.json can't be read"):
        LOADER.open(spec(root), tmp_path, split="test2017")


def test_digests_follow_photographs_pngs_and_the_json(root: Path, tmp_path: Path) -> None:
    def both() -> tuple[str, str]:
        images = LOADER.open(spec(root), tmp_path)
        return LOADER.plan_digest(spec(root)), content_digest(images)

    seen = [both()]
    edited(root, lambda raw: raw["annotations"][0]["segments_info"][0].update(iscrowd=1))
    seen.append(both())
    png = root / "annotations/panoptic_val2017/000000000285.png"
    png.write_bytes(png.read_bytes() + b"\0")
    seen.append(both())
    photograph = root / "val2017/000000000139.jpg"
    photograph.write_bytes(photograph.read_bytes() + b"\0")
    seen.append(both())
    assert len({content for _, content in seen}) == 4
    assert len({plan for plan, _ in seen}) >= 3  # the edit of the JSON kept its size


def test_no_root() -> None:
    with pytest.raises(DatasetError, match="folder of the data set 'tiny' isn't given") as caught:
        LOADER.plan_digest(spec(None))
    assert "--root tiny=DIR" in caught.value.hint


def _annotation(**fields: Any) -> Callable[[Any], None]:
    return lambda raw: raw["annotations"][1].update(fields)


def _segment(**fields: Any) -> Callable[[Any], None]:
    return lambda raw: raw["annotations"][1]["segments_info"][0].update(fields)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_segment(id=70_001), r"0139.png holds the segment 70000, which .*2017.json does not list"),
        (_segment(category_id=99), "segment 70000 of image 139 the category 99, which"),
        (_segment(id="x"), "panoptic format: .*'x'"),
        (_segment(category_id="x"), "panoptic format: .*'x'"),
        (_annotation(image_id=140), "no annotation of image 139"),
        (_annotation(file_name="../139.png"), r"panoptic format: '\.\./139\.png' leads out"),
        (_annotation(file_name="nowhere.png"), "nowhere.png is missing"),
        (lambda raw: raw.pop("categories"), "panoptic format: no key 'categories'"),
        (lambda raw: raw["images"][0].pop("id"), "panoptic format: no key 'id'"),
        (lambda raw: raw.update(images=3), "panoptic format: 'int' object is not iterable"),
        (lambda raw: raw["images"].clear(), "names no images"),
        *((lambda raw, i=i: raw["annotations"][1]["segments_info"].append(
            {"id": i, "category_id": 1}), rf"lists the segment {i} of image 139, of which .* no pixel") for i in (5, 0, -1, 1 << 24)),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(
    root: Path, tmp_path: Path, change: Callable[[Any], None], words: str
) -> None:
    edited(root, change)
    with pytest.raises(DatasetError, match=words):
        LOADER.open(spec(root), tmp_path).segments(0)


def test_no_json(root: Path, tmp_path: Path) -> None:
    (root / "annotations/panoptic_val2017.json").write_text("{half")
    with pytest.raises(
        DatasetError, match=r"panoptic_val2017\.json is not in COCO's panoptic format: Expecting"
    ):
        LOADER.open(spec(root), tmp_path)


def test_classes_are_those_of_the_file(root: Path, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="names the class 'tree', which") as caught:
        LOADER.open(spec(root, classes=("tree", "cat")), tmp_path)
    assert "'tree-merged'" in caught.value.hint
    assert '["person", "cat", "tree-merged", "rug-merged"]' in caught.value.hint


def test_things_are_those_of_the_file(root: Path, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="'cat' is a class of things in") as caught:
        LOADER.open(spec(root, things=("person",)), tmp_path)
    assert caught.value.hint == 'Give it `things = ["person", "cat"]`.'
    with pytest.raises(DatasetError, match="'tree-merged' is a class of stuff in"):
        LOADER.open(spec(root, things=("person", "cat", "tree-merged")), tmp_path)


def test_prepare_finds_what_is_missing_or_of_another_size(root: Path, tmp_path: Path) -> None:
    photograph = root / "val2017/000000000139.jpg"
    cv2.imwrite(str(photograph), np.zeros((8, 6, 3), np.uint8))
    with pytest.raises(DatasetError, match=r"139\.jpg is 8 x 6 pixels, .*139\.png is 6 x 8"):
        LOADER.prepare(spec(root), tmp_path)
    photograph.unlink()
    with pytest.raises(DatasetError, match=r"139\.jpg is missing"):
        LOADER.prepare(spec(root), tmp_path)
    with pytest.raises(DatasetError, match=r"139\.jpg is missing"):
        LOADER.plan_digest(spec(root))
