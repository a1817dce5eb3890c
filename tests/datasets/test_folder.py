from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from bench.datasets.base import VOID
from bench.datasets.decode import png
from bench.datasets.folder import FolderLoader
from bench.errors import DatasetError
from bench.suite.dataset import Dataset

LOADER = FolderLoader()
RNG = np.random.default_rng(5)


def _spec(root: Path | None, **more: object) -> Dataset:
    more = {"classes": ("sky", "road"), "ignore_index": 9, **more}
    return Dataset(name="mine", loader="folder", root=str(root) if root else None, **more)


def _fill(base: Path, masks: dict[str, np.ndarray]) -> None:
    for kind in ("images", "masks"):
        (base / kind).mkdir(parents=True, exist_ok=True)
    for n, (stem, mask) in enumerate(masks.items()):
        picture = Image.fromarray(RNG.integers(0, 256, (*mask.shape, 3), np.uint8))
        picture.save(base / "images" / f"{stem}.{('jpg', 'png', 'JPEG')[n % 3]}")
        (base / "masks" / f"{stem}.png").write_bytes(png(mask))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    masks = {s: RNG.choice([0, 1, 9], (6, 8)).astype(np.uint8) for s in ("b", "a", "c")}
    _fill(tmp_path / "set", masks)
    return tmp_path / "set"


def test_reads_indices_and_void(root: Path, tmp_path: Path) -> None:
    LOADER.prepare(_spec(root), tmp_path)
    images = LOADER.open(_spec(root), tmp_path)
    assert images.names == ("a", "b", "c")
    assert images.groups == ()
    raw = np.asarray(Image.open(root / "masks/a.png"))
    assert np.array_equal(images.truth(0), np.where(raw == 9, VOID, raw))
    assert images.image(0).shape == (6, 8, 3)
    assert images.instances(0) is None
    assert [p.name for p in images.files(2)] == ["c.JPEG", "c.png"]
    assert LOADER.open(_spec(root), tmp_path, count=2).names == ("a", "b")


def test_ignored_index_below_the_classes_wins(root: Path, tmp_path: Path) -> None:
    images = LOADER.open(_spec(root, ignore_index=0, classes=tuple("abcdefghij")), tmp_path)
    raw = np.asarray(Image.open(root / "masks/a.png"))
    assert np.array_equal(images.truth(0) == VOID, raw == 0)


def test_palette_masks_are_indices(root: Path, tmp_path: Path) -> None:
    mask = Image.new("P", (8, 6), 1)
    mask.putpalette([200, 100, 0, 9, 9, 9])
    mask.save(root / "masks/a.png")
    assert np.all(LOADER.open(_spec(root), tmp_path).truth(0) == 1)


@pytest.mark.parametrize("value", [2, 8, 254, 255])
def test_unknown_index_is_named(root: Path, tmp_path: Path, value: int) -> None:
    mask = np.zeros((6, 8), np.uint8)
    mask[3, 3] = value
    (root / "masks/b.png").write_bytes(png(mask))
    images = LOADER.open(_spec(root), tmp_path)
    with pytest.raises(DatasetError, match=rf"b\.png holds the value {value},"):
        images.truth(1)


def test_wide_mask_is_refused(root: Path, tmp_path: Path) -> None:
    (root / "masks/a.png").write_bytes(png(np.zeros((6, 8), np.uint16)))
    with pytest.raises(DatasetError, match="16 bits"):
        LOADER.open(_spec(root), tmp_path).truth(0)


def test_missing_partners_are_named(root: Path, tmp_path: Path) -> None:
    (root / "masks/b.png").unlink()
    with pytest.raises(DatasetError, match=r"images/b\.\w+ has no mask \(3 images and 2 masks"):
        LOADER.prepare(_spec(root), tmp_path)
    (root / "images/b.jpg").unlink()
    (root / "images/a.png").unlink()
    with pytest.raises(DatasetError, match=r"masks/a\.png has no image"):
        LOADER.prepare(_spec(root), tmp_path)


def test_unequal_sizes_are_found_before_anything_runs(root: Path, tmp_path: Path) -> None:
    (root / "masks/a.png").write_bytes(png(np.zeros((5, 8), np.uint8)))
    with pytest.raises(DatasetError, match=r"6 x 8 pixels, .*a\.png is 5 x 8"):
        LOADER.prepare(_spec(root), tmp_path)
    with pytest.raises(DatasetError, match="5 x 8"):
        LOADER.open(_spec(root), tmp_path).truth(0)


def test_missing_folders_and_doubles(tmp_path: Path, root: Path) -> None:
    with pytest.raises(DatasetError, match="folder of the data set 'mine' isn't given"):
        LOADER.plan_digest(_spec(None))
    with pytest.raises(DatasetError, match="Looked for the folder"):
        LOADER.plan_digest(_spec(tmp_path / "nowhere"))
    (root / "images/a.jpg").write_bytes(b"")
    with pytest.raises(DatasetError, match="share one name"):
        LOADER.plan_digest(_spec(root))
    for path in (root / "images").iterdir():
        path.unlink()
    with pytest.raises(DatasetError, match="holds no file"):
        LOADER.plan_digest(_spec(root))


def test_splits_are_folders(tmp_path: Path) -> None:
    base = tmp_path / "splits"
    _fill(base / "val", {"x": np.zeros((4, 4), np.uint8)})
    _fill(base / "train", {"y": np.zeros((4, 4), np.uint8)})
    assert LOADER.open(_spec(base), tmp_path).names == ("x",)
    assert LOADER.open(_spec(base), tmp_path, split="train").names == ("y",)


def test_another_split_is_never_the_evaluation_images(root: Path, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="has no split 'train'"):
        LOADER.open(_spec(root), tmp_path, split="train")


def test_digest_follows_files(root: Path) -> None:
    before = LOADER.plan_digest(_spec(root))
    (root / "images/a.png").write_bytes(b"longer" * 1000)
    assert LOADER.plan_digest(_spec(root)) != before


@pytest.mark.parametrize("split", ["..", "a/b"])
def test_split_can_not_leave_the_root(root: Path, split: str) -> None:
    with pytest.raises(DatasetError, match="name of a split"):
        LOADER.plan_digest(_spec(root, split=split))


def test_too_many_classes(root: Path, tmp_path: Path) -> None:
    many = tuple(str(i) for i in range(255))
    with pytest.raises(DatasetError, match="255 classes"):
        LOADER.open(_spec(root, classes=many), tmp_path)


@given(st.integers(2, 12), st.integers(1, 14))
def test_images_set_aside_are_those_that_are_not_evaluated(there: int, count: int) -> None:
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        _fill(root, {f"p{i:02d}": np.zeros((2, 2), np.uint8) for i in range(there)})
        spec = _spec(root, options={"calibration_images": count})
        if count >= there:
            with pytest.raises(DatasetError, match=f"{count} leaves none of {there} images"):
                LOADER.open(spec, root)
            return
        images, aside = LOADER.open(spec, root), LOADER.open(spec, root, split="train")
        assert len(aside.names) == count
        assert images.set_aside == aside.names
        assert sorted((*images.names, *aside.names)) == list(LOADER.open(_spec(root), root).names)
        assert not set(images.names) & set(aside.names)
        assert LOADER.plan_digest(spec) != LOADER.plan_digest(_spec(root))


def test_a_split_of_its_own_and_images_set_aside_contradict_each_other(root: Path) -> None:
    (root / "train").mkdir()
    spec = _spec(root, options={"calibration_images": 1})
    with pytest.raises(DatasetError, match="has a split 'train' and sets images aside, too"):
        LOADER.open(spec, root, split="train")
    assert len(LOADER.open(spec, root).names) == 2


def test_folders_of_another_name_by_split(tmp_path: Path) -> None:
    root = tmp_path / "ADEChallengeData2016"
    for split in ("training", "validation"):
        _fill(root / split, {"a": np.array([[0, 1, 2]], np.uint8)})
        for kind, name in (("images", "images"), ("masks", "annotations")):
            (root / name).mkdir(exist_ok=True)
            (root / split / kind).rename(root / name / split)
    options = {
        "images": "images/{split}",
        "masks": "annotations/{split}",
        "index_shift": 1,
        "splits": {"train": "training", "val": "validation"},
    }
    spec = _spec(root, ignore_index=0, options=options)
    for split in ("train", "val"):
        images = LOADER.open(spec, tmp_path, split=split)
        assert images.names == ("a",)
        assert images.truth(0).tolist() == [[VOID, 0, 1]]
        assert split in images.files(0)[0].parts[-2]
    assert LOADER.open(spec, tmp_path).meaning
    with pytest.raises(DatasetError, match=r"images/test.*which is not there"):
        LOADER.open(spec, tmp_path, split="test")


def test_a_list_by_split(root: Path, tmp_path: Path) -> None:
    (root / "val.txt").write_text("c\na\n")
    spec = _spec(root, options={"list": "{split}.txt"})
    assert LOADER.open(spec, tmp_path).names == ("c", "a")
    with pytest.raises(DatasetError, match=r"train\.txt can't be read"):
        LOADER.open(spec, tmp_path, split="train")
    fixed = _spec(root, options={"list": "val.txt"})
    with pytest.raises(DatasetError, match="has no split 'train'"):
        LOADER.open(fixed, tmp_path, split="train")


@pytest.mark.parametrize("path", ["../elsewhere", "/etc", ""])
def test_options_can_not_leave_the_root(root: Path, tmp_path: Path, path: str) -> None:
    with pytest.raises(DatasetError, match="Option 'masks' of data set 'mine' names the path"):
        LOADER.open(_spec(root, options={"masks": path}), tmp_path)
