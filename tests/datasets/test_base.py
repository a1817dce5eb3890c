from __future__ import annotations

import hashlib
from pathlib import Path

from bench.datasets.base import content_digest


class _Files:
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
