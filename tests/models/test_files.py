import hashlib
import os

import pytest

from bench.errors import WeightsError
from bench.models import files


def test_a_digest_is_sha256_and_follows_the_content(tmp_path):
    path = tmp_path / "w"
    path.write_bytes(b"one")
    assert files.sha256(path) == hashlib.sha256(b"one").hexdigest()
    path.write_bytes(b"two")
    assert files.sha256(path) == hashlib.sha256(b"two").hexdigest()


def test_large_files_are_read_once(tmp_path, monkeypatch):
    monkeypatch.setenv("SEGBENCH_CACHE", str(tmp_path / "cache"))
    path = tmp_path / "big"
    with path.open("wb") as f:
        f.truncate(65 * 2**20)
    first = files.sha256(path)
    monkeypatch.setattr(files.hashlib, "file_digest", None)
    assert files.sha256(path) == first
    os.utime(path, ns=(1, 1))
    with pytest.raises(TypeError):
        files.sha256(path)


def test_a_folder_is_its_matching_files(tmp_path):
    def digest():
        return files.folder_digest(tmp_path, ("*.json", "*.safetensors"))

    (tmp_path / "config.json").write_text("{}")
    before = digest()
    (tmp_path / "README.md").write_text("words")
    assert digest() == before
    (tmp_path / "model.safetensors").write_text("x")
    assert digest() != before


def test_what_cannot_be_read_is_named(tmp_path):
    with pytest.raises(WeightsError, match=r"gone can't be read: No such file"):
        files.sha256(tmp_path / "gone")
