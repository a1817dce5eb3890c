import os
import subprocess

import pytest

from bench import __version__
from bench.plan import collect, keys
from tests import builders


def test_the_record_says_what_may_change_a_number(monkeypatch):
    monkeypatch.setenv("MKL_NUM_THREADS", "5")
    monkeypatch.setenv("SECRET_TOKEN", "no")
    found = collect.environment(builders.case(), 2)
    assert found.threads == 2
    assert found.variables["OMP_NUM_THREADS"] == "2"
    assert found.variables["MKL_NUM_THREADS"] == "5"
    assert "SECRET_TOKEN" not in found.variables
    assert found.versions["segbench"] == __version__
    assert found.versions["torch"] == keys.installed("torch")
    assert found.code_digest == keys.code_digest()
    assert found.load_average == pytest.approx(os.getloadavg()[0], abs=5)


def test_commit_and_dirty_flag(tmp_path):
    def git(*words):
        subprocess.run(
            ["git", "-C", str(tmp_path), "-c", "user.name=t", "-c", "user.email=t@t", *words],
            check=True, capture_output=True,
        )  # fmt: skip

    git("init")
    (tmp_path / "a").write_text("1")
    git("add", "a")
    git("commit", "-m", "one")
    commit, dirty = collect.git.__wrapped__(tmp_path)
    assert len(commit) == 40
    assert dirty is False
    (tmp_path / "a").write_text("2")
    assert collect.git.__wrapped__(tmp_path) == (commit, True)


def test_outside_of_a_checkout_there_is_no_commit(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert collect.git.__wrapped__(tmp_path) == (None, None)


def test_flags_are_those_that_matter(monkeypatch):
    monkeypatch.setattr(
        collect.Path,
        "read_text",
        lambda self: "flags : fpu avx2 fma\ncpu MHz : 2000.5\ncpu MHz : 9\n",
    )
    assert collect.flags.__wrapped__() == ("avx2", "fma")
    assert collect.clock_mhz() == 2000.5
