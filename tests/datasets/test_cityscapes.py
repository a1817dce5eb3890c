from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bench.datasets.cityscapes import VARIABLE, CityscapesLoader
from bench.datasets.decode import png
from bench.errors import DatasetError
from bench.suite.dataset import Dataset

LOADER = CityscapesLoader()
STEMS = ("aachen_000000_000019", "bonn_000001_000019", "bonn_000002_000019")


def _spec(root: Path | None, **more: object) -> Dataset:
    return Dataset(name="cityscapes", loader="cityscapes", root=str(root) if root else None, **more)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for stem in STEMS:
        city = stem.split("_")[0]
        for kind, suffix, shape in (
            ("leftImg8bit", "leftImg8bit", (4, 8, 3)), ("gtFine", "gtFine_labelIds", (4, 8)),
        ):  # fmt: skip
            folder = tmp_path / kind / "val" / city
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{stem}_{suffix}.png").write_bytes(png(np.full(shape, 7, np.uint8)))
    return tmp_path


def test_opens_in_the_order_of_names(root: Path, tmp_path: Path) -> None:
    images = LOADER.open(_spec(root), tmp_path)
    assert images.names == STEMS
    assert images.groups == ("aachen", "bonn", "bonn")
    assert images.truth(2).tolist() == [[0] * 8] * 4
    assert LOADER.open(_spec(root), tmp_path, count=2).names == STEMS[:2]
    LOADER.prepare(_spec(root), tmp_path)


def test_environment_names_the_copy(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, str(root))
    assert len(LOADER.open(_spec(None), tmp_path).names) == 3


def test_nobody_said_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    with pytest.raises(
        DatasetError, match="folder of the data set 'cityscapes' isn't given"
    ) as caught:
        LOADER.plan_digest(_spec(None))
    assert VARIABLE in caught.value.hint
    assert "gtFine_trainvaltest.zip" in caught.value.hint


def test_missing_folders_say_what_was_looked_for(root: Path, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"nowhere of .* there is none"):
        LOADER.open(_spec(root / "nowhere"), tmp_path)
    with pytest.raises(DatasetError, match=r"leftImg8bit/train/CITY/.*no such folder") as caught:
        LOADER.open(_spec(root), tmp_path, split="train")
    assert "leftImg8bit_trainvaltest.zip" in caught.value.hint
    assert "holds val" in caught.value.hint


def test_half_unpacked_counts_and_names_the_first(root: Path, tmp_path: Path) -> None:
    (root / "gtFine/val/bonn" / f"{STEMS[1]}_gtFine_labelIds.png").unlink()
    with pytest.raises(DatasetError, match="3 photographs and 2 of their") as caught:
        LOADER.prepare(_spec(root), tmp_path)
    assert f"{STEMS[1]}_gtFine_labelIds.png" in caught.value.message
    assert "gtFine_trainvaltest.zip" in caught.value.hint


def test_no_labels_at_all(root: Path, tmp_path: Path) -> None:
    for path in (root / "gtFine/val").glob("*/*"):
        path.unlink()
    with pytest.raises(DatasetError, match="no such file"):
        LOADER.prepare(_spec(root), tmp_path)


def test_file_in_another_city_is_named(root: Path, tmp_path: Path) -> None:
    folder = root / "leftImg8bit/val"
    name = f"{STEMS[0]}_leftImg8bit.png"
    (folder / "aachen" / name).rename(folder / "bonn" / name)
    with pytest.raises(DatasetError, match="lies in the folder of 'bonn'"):
        LOADER.prepare(_spec(root), tmp_path)


@pytest.mark.parametrize("split", ["..", "../val", "/val"])
def test_split_can_not_leave_the_root(root: Path, tmp_path: Path, split: str) -> None:
    with pytest.raises(DatasetError, match="name of a split"):
        LOADER.open(_spec(root, split=split), tmp_path)
    with pytest.raises(DatasetError, match="name of a split"):
        LOADER.plan_digest(_spec(root, split=split))


def test_options_are_refused(root: Path) -> None:
    with pytest.raises(DatasetError, match="unknown option 'count'"):
        LOADER.plan_digest(_spec(root, options={"count": 3}))


def test_digest_follows_names_and_sizes(root: Path) -> None:
    before = LOADER.plan_digest(_spec(root))
    assert LOADER.plan_digest(_spec(root)) == before
    label = root / "gtFine/val/bonn" / f"{STEMS[1]}_gtFine_labelIds.png"
    label.write_bytes(label.read_bytes() + b"\0")
    assert LOADER.plan_digest(_spec(root)) != before


def test_corrupt_photograph_is_named(root: Path, tmp_path: Path) -> None:
    path = root / "leftImg8bit/val/aachen" / f"{STEMS[0]}_leftImg8bit.png"
    path.write_bytes(path.read_bytes()[:60])
    images = LOADER.open(_spec(root), tmp_path)
    with pytest.raises(DatasetError, match=f"{STEMS[0]}_leftImg8bit.png is corrupt"):
        images.image(0)


@pytest.mark.parametrize(
    "lines",
    [
        ("bonn_000002_000019", "aachen_000000_000019"),
        (
            "leftImg8bit/val/bonn/bonn_000002_000019_leftImg8bit.png\tgtFine/val/bonn/x.png",
            "gtFine/val/aachen/aachen_000000_000019_gtFine_labelTrainIds.png",
        ),
    ],
)
def test_a_list_chooses_images(root: Path, tmp_path: Path, lines: tuple[str, ...]) -> None:
    (root / "val.lst").write_text("\n".join(lines))
    images = LOADER.open(_spec(root, options={"list": "{split}.lst"}), tmp_path)
    assert images.names == (STEMS[2], STEMS[0])
    assert images.image(0).shape == (4, 8, 3)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ulm_000000_000019", r"val\.lst:1 is .*, which names no image of split 'val'"),
        ("bonn", r"val\.lst:1 is 'bonn'"),
        (f"{STEMS[0]}\n{STEMS[0]}", r"val\.lst:2 lists aachen_000000_000019 again, as line 1"),
    ],
)
def test_a_line_without_an_image_is_named(root: Path, tmp_path: Path, text: str, said: str) -> None:
    (root / "val.lst").write_text(text)
    with pytest.raises(DatasetError, match=said):
        LOADER.open(_spec(root, options={"list": "{split}.lst"}), tmp_path)
