import cv2
import numpy as np
import pytest

from bench.datasets.folder import FolderLoader
from bench.errors import DatasetError
from bench.exporters.calibration import choose, refuse_overlap
from bench.suite.variant import CalibrationSet
from tests import small


@pytest.fixture
def sets(tmp_path):
    """Data set with 9 training images and 3 that are judged, of the same names."""
    small.pictures(tmp_path / "both", 9, split="train", seed=5)
    data = small.folder(small.pictures(tmp_path / "both", split="val"))
    return data, FolderLoader().open(data, tmp_path), tmp_path / "both"


@pytest.mark.parametrize(
    ("images", "validation", "ranges", "judging"),
    [
        (3, 0, ("p1", "p4", "p7"), ()),
        (99, 0, tuple(f"p{i}" for i in range(9)), ()),
        (2, 1, ("p1", "p7"), ("p4",)),
        (4, 5, ("p1", "p3", "p5", "p7"), ("p0", "p2", "p4", "p6", "p8")),
    ],
)
def test_images_are_spread_over_the_split_and_each_has_one_use(
    sets, tmp_path, images, validation, ranges, judging
):
    asked = CalibrationSet(images=images, validation=validation)
    chosen = choose(sets[0], tmp_path, asked)
    assert chosen.names(chosen.ranges) == ranges
    assert chosen.names(chosen.validation) == judging


def test_the_digest_is_that_of_the_names_and_the_files(sets, tmp_path):
    data, _, root = sets
    first = choose(data, tmp_path, CalibrationSet(images=3)).digest
    assert choose(data, tmp_path, CalibrationSet(images=3)).digest == first
    assert choose(data, tmp_path, CalibrationSet(images=4)).digest != first
    image = root / "train" / "images" / "p4.png"
    cv2.imwrite(str(image), cv2.imread(str(image)) // 2)
    assert choose(data, tmp_path, CalibrationSet(images=3)).digest != first


def test_equal_names_of_other_pictures_are_no_overlap(sets, tmp_path):
    data, judged, _ = sets
    refuse_overlap(choose(data, tmp_path, CalibrationSet()), judged, data)


@pytest.mark.parametrize("way", ["copied", "stored again", "in validation"])
def test_a_picture_that_is_judged_is_refused_by_its_name(sets, tmp_path, way):
    data, judged, root = sets
    source = root / "val" / "images" / "p1.png"
    if way == "stored again":
        changed = cv2.imread(str(source)).astype(np.int16) + 3
        cv2.imwrite(str(root / "train" / "images" / "p1.png"), changed.clip(0, 255))
        twin = r"train/images/p1\.png is also judged, as .*val/images/p1\.png"
    else:
        (root / "train" / "images" / "p4.png").write_bytes(source.read_bytes())
        twin = r"train/images/p4\.png is also judged, as .*val/images/p1\.png"
    asked = CalibrationSet(images=2, validation=1) if way == "in validation" else CalibrationSet()
    with pytest.raises(DatasetError, match=twin):
        refuse_overlap(choose(data, tmp_path, asked), judged, data)
