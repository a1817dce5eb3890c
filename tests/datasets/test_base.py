from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from bench.datasets.base import Images, content_digest, known_options, safe_name, whole
from bench.errors import DatasetError
from bench.suite.dataset import Dataset


class _Files(Images):
    groups = ()

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.names = ("a", "b")

    def files(self, index: int) -> tuple[Path, ...]:
        return (self.folder / f"{self.names[index]}.bin",)


def test_digest_covers_names_and_bytes_of_the_first_images(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(b"one")
    (tmp_path / "b.bin").write_bytes(b"two")
    images = _Files(tmp_path)
    both, first = content_digest(images), content_digest(images, 1)
    expected = hashlib.sha256(b"a" + hashlib.sha256(b"one").digest()).hexdigest()
    assert first == expected
    (tmp_path / "b.bin").write_bytes(b"twO")
    assert content_digest(images, 1) == first
    assert content_digest(images) != both


def test_digest_depends_on_names(tmp_path: Path) -> None:
    for name in "abc":
        (tmp_path / f"{name}.bin").write_bytes(b"same")
    images = _Files(tmp_path)
    before = content_digest(images)
    images.names = ("a", "c")
    assert content_digest(images) != before


def test_unknown_option_gets_the_nearest_word() -> None:
    spec = Dataset(name="s", loader="scenes", options={"heigth": 128})
    with pytest.raises(DatasetError, match="'heigth'") as caught:
        known_options(spec, ("height", "width"))
    assert "Did you mean 'height'" in caught.value.hint


def test_loader_without_options_says_so() -> None:
    spec = Dataset(name="s", loader="folder", options={"x": 1})
    with pytest.raises(DatasetError) as caught:
        known_options(spec, ())
    assert "no options" in caught.value.hint


@pytest.mark.parametrize("name", ["..", "../x", "/etc", "a/b", "", ".hidden", "a\\b", 3, "a\n"])
def test_names_that_could_leave_their_folder_are_refused(name: object) -> None:
    with pytest.raises(DatasetError):
        safe_name(name, "split")


def test_plain_names_pass() -> None:
    assert safe_name("val_2.b-x", "split") == "val_2.b-x"


@pytest.mark.parametrize("value", [0, 11, 2.0, True, "3", None])
def test_whole_refuses(value: object) -> None:
    with pytest.raises(DatasetError, match="'count'"):
        whole(value, "count", 1, 10)


def test_whole_passes() -> None:
    assert whole(10, "count", 1, 10) == 10
