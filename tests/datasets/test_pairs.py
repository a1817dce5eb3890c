from __future__ import annotations

from pathlib import Path

import pytest

from bench.datasets.pairs import in_folders, in_list, names_of
from bench.errors import DatasetError


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for path in (
        "JPEGImages/a.jpg", "JPEGImages/b.jpg", "SegmentationClass/a.png", "SegmentationClass/b.png",
        "val/x.png", "valannot/x.png", "deep/city/a_left.png", "gt/city/a_ids.png",
    ):  # fmt: skip
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(b"")
    return tmp_path


def _read(root: Path, text: str, images: str, masks: str, **more: str) -> list[tuple[str, str]]:
    (root / "list.txt").write_text(text)
    found = in_list(root / "list.txt", root, root / images, root / masks, **more)
    return [(str(i.relative_to(root)), str(m.relative_to(root))) for i, m in found]


def test_a_list_of_stems_as_voc_has_it(root: Path) -> None:
    voc = ("JPEGImages", "SegmentationClass")
    assert _read(root, "b\n\n# none\na\r\n", *voc) == [
        ("JPEGImages/b.jpg", "SegmentationClass/b.png"),
        ("JPEGImages/a.jpg", "SegmentationClass/a.png"),
    ]
    assert _read(root, "b.jpg\n", *voc) == [("JPEGImages/b.jpg", "SegmentationClass/b.png")]


@pytest.mark.parametrize("between", [" ", "\t", ",", ", "])
def test_a_list_of_pairs_as_camvid_has_it(root: Path, between: str) -> None:
    line = f"/SegNet/CamVid/val/x.png{between}/SegNet/CamVid/valannot/x.png"
    assert _read(root, line, "images", "masks", prefix="/SegNet/CamVid/") == [
        ("val/x.png", "valannot/x.png")
    ]


def test_a_list_of_pairs_as_cityscapes_has_it(root: Path) -> None:
    line = "deep/city/a_left.png\tgt/city/a_ids.png"
    assert _read(root, line, "images", "masks") == [("deep/city/a_left.png", "gt/city/a_ids.png")]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("../other/a.jpg\n", r"list\.txt:1 names the path '\.\./other/a\.jpg'"),
        ("/etc/passwd\n", r"list\.txt:1 names the path '/etc/passwd'"),
        ("a.jpg ..\\masks\\a.png\n", r"list\.txt:1 names the path"),
        ("a\nc\n", r"list\.txt:2 names 'c', of which there is no file"),
        ("a b c\n", r"list\.txt:1 is 'a b c'. A line is"),
        ("a\nb\na\n", r"list\.txt:3 lists .*a\.jpg again; line 1 has it"),
        ("#\n\n", "lists no image"),
        ("a.jpg nothing.png\n", r"names 'nothing\.png', of which there is no file"),
    ],
)
def test_a_line_that_says_nothing_good_is_named(root: Path, text: str, said: str) -> None:
    with pytest.raises(DatasetError, match=said):
        _read(root, text, "JPEGImages", "SegmentationClass")


def test_a_list_that_is_no_text_or_missing_is_named(root: Path) -> None:
    (root / "list.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DatasetError, match=r"list\.txt isn't UTF-8"):
        in_list(root / "list.txt", root, root, root)
    with pytest.raises(DatasetError, match=r"no\.txt can't be read: No such file"):
        in_list(root / "no.txt", root, root, root)


def test_a_mask_of_a_listed_image_that_is_missing_is_named(root: Path) -> None:
    (root / "SegmentationClass/a.png").unlink()
    with pytest.raises(DatasetError, match=r"names 'a', whose mask .*SegmentationClass/a\.png"):
        _read(root, "a\n", "JPEGImages", "SegmentationClass")


def test_masks_may_add_a_suffix_to_the_name(root: Path) -> None:
    (root / "gt/b_ids.png").write_bytes(b"")
    (root / "gt/b_colour.png").write_bytes(b"")
    (root / "some").mkdir()
    (root / "some/b.png").write_bytes(b"")
    pairs = in_folders(root / "some", root / "gt", "_ids")
    assert pairs == ((root / "some/b.png", root / "gt/b_ids.png"),)


def test_images_of_one_stem_get_their_path_as_name(root: Path) -> None:
    pairs = tuple((root / p, root / p) for p in ("x/a.png", "y/a.png"))
    assert names_of(pairs, root) == ("x_a", "y_a")
    assert names_of(pairs[:1], root) == ("a",)
