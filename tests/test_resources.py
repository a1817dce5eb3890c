from __future__ import annotations

from pathlib import Path

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
