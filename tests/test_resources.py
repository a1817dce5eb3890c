from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from bench import resources


def test_data_lies_beside_the_package() -> None:
    assert (resources.suites_dir() / "quickstart.toml").is_file()
    assert (resources.reports_dir() / "templates").is_dir()


def test_an_installed_wheel_has_it_inside(tmp_path: Path, monkeypatch) -> None:
    inside = tmp_path / "bench" / "_data" / "suites"
    inside.mkdir(parents=True)
    monkeypatch.setattr(resources, "_PACKAGE", tmp_path / "bench")
    assert resources.suites_dir() == inside
    assert resources.reports_dir() == tmp_path / "reports"


def test_the_cache_is_the_users_or_where_told(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("SEGBENCH_CACHE", str(tmp_path / "c"))
    assert resources.cache_dir() == tmp_path / "c"
    monkeypatch.delenv("SEGBENCH_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert resources.cache_dir().name == "segbench"


def test_only_a_regular_file_is_read_and_nothing_is_waited_for(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"abc")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    assert resources.read_bytes(tmp_path / "file") == b"abc"
    assert resources.read_bytes(tmp_path / "link") == b"abc"
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "zero").symlink_to("/dev/zero")
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(tmp_path / "socket"))
        before = len(list(Path("/proc/self/fd").iterdir()))
        for name in ("pipe", "zero", "socket", "missing", ""):
            with pytest.raises(OSError, match=r"no file|No such"):
                resources.read_bytes(tmp_path / name)
        assert len(list(Path("/proc/self/fd").iterdir())) == before
