from __future__ import annotations

from pathlib import Path

import pytest

from bench.errors import RecordError
from bench.gate.baselines import find, names, read_baseline, run_folder, standing
from tests.builders import ROWS, build_run


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    build_run(tmp_path / "suites" / "baselines" / "mine", ROWS[:1])
    return tmp_path


def test_a_bare_name_is_found_in_suites_baselines(here):
    assert find("mine") == Path("suites/baselines/mine")
    assert names() == ("mine",)
    assert read_baseline(find("mine")).results
    assert run_folder("mine") == Path("suites/baselines/mine")


def test_a_folder_wins_and_a_path_stays_a_path(here):
    build_run(here / "mine", ROWS[:1])
    assert find("mine") == Path("mine")
    assert find("./suites/baselines/mine") == Path("suites/baselines/mine")
    assert find("runs/other", new=True) == Path("runs/other")
    assert find(".") == Path()


def test_a_new_bare_name_goes_to_suites_baselines_where_there_is_such_a_folder(here, monkeypatch):
    assert find("other", new=True) == Path("suites/baselines/other")
    assert find("other") == Path("other")
    (here / "elsewhere").mkdir()
    monkeypatch.chdir(here / "elsewhere")
    assert find("other", new=True) == Path("other")


def test_a_name_that_is_no_baseline_gets_the_nearest(here):
    with pytest.raises(RecordError, match=r"called 'mime'.*'mine'"):
        read_baseline(find("mime"))
    with pytest.raises(RecordError, match=r"holds no baseline.*--accept"):
        read_baseline(here / "nothing")
    assert run_folder("main") is None


def test_an_old_baseline_is_read_where_a_killed_blessing_left_it(here):
    place = here / "suites" / "baselines" / "mine"
    before = place.with_name(".mine.before")
    place.rename(before)
    assert standing(place) == before
    assert find("mine") == Path("suites/baselines/mine")
    assert read_baseline(find("mine")).results
    assert before.is_dir()
    assert not place.exists()
