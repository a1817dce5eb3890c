from __future__ import annotations

import contextlib
import json
from pathlib import Path

import pytest
from filelock import FileLock

from bench.errors import BadInput, NothingMeasured, RecordError
from bench.gate import bless as blessing
from bench.gate.baselines import read_baseline
from bench.gate.bless import bless, read_blessing
from bench.gate.judge import judge
from bench.record.store import read_run
from tests.builders import ROWS, Planned, build_run
from tests.gate.planted import emptied, of


@pytest.fixture
def run(tmp_path):
    return build_run(tmp_path / "run", ROWS[:2])


def files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_a_baseline_holds_the_records_byte_for_byte_and_no_pictures(run, tmp_path):
    (run.folder / "card.md").write_text("a card")
    made = bless(run, tmp_path / "deep" / "baseline", "the first")
    stored = files(tmp_path / "deep" / "baseline")
    source = files(run.folder)
    assert stored.pop("blessed.json")
    assert set(stored) == {n for n in source if n == "run.json" or n.startswith("cases/")}
    assert all(stored[name] == source[name] for name in stored)
    assert made == read_blessing(tmp_path / "deep" / "baseline")
    assert (made.because, made.measured, made.accepted) == ("the first", 2, ())
    assert judge(run, read_run(tmp_path / "deep" / "baseline")).outcome == "open"


def test_a_second_blessing_replaces_the_first_and_names_what_it_overrules(run, tmp_path):
    baseline = tmp_path / "baseline"
    bless(run, baseline, "the first")
    worse = build_run(tmp_path / "worse", (Planned(file_bytes=9_000_000),))
    found = judge(worse, read_run(baseline))
    made = bless(worse, baseline, "bigger on purpose", found.blocking)
    assert made.accepted == (
        "micro/torch-fp32/cpu/scenes file_bytes regressed",
        "micro/onnx-onnxruntime-fp32/cpu/scenes status missing",
    )
    assert [r.case.variant.slug for r in read_run(baseline).results] == ["torch-fp32"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["baseline", "run", "worse"]


class Killed(BaseException):
    """Stands for SIGKILL: nothing catches it by class."""


@pytest.mark.parametrize("at", range(1, 11))
def test_a_kill_at_any_step_leaves_one_whole_baseline(run, tmp_path, monkeypatch, at):
    baseline = tmp_path / "baseline"
    bless(run, baseline, "the first")
    before = files(baseline)
    other = build_run(tmp_path / "other", (Planned(latency_ms=5.0),))
    steps = 0

    def tick():
        nonlocal steps
        steps += 1
        if steps == at:
            raise Killed

    write, rename = blessing.write_atomic, Path.rename
    monkeypatch.setattr(blessing, "write_atomic", lambda *a: (tick(), write(*a))[1])
    monkeypatch.setattr(Path, "rename", lambda *a: (tick(), rename(*a))[1])
    # What a killed process can't do: tidy up.
    monkeypatch.setattr(blessing.shutil, "rmtree", lambda *a, **k: tick())
    with contextlib.suppress(Killed):
        bless(other, baseline, "the second")
    monkeypatch.undo()
    lying = files(tmp_path)
    found = read_baseline(baseline)
    assert files(tmp_path) == lying, "a reader writes and renames nothing"
    assert files(found.folder) == before or read_blessing(found.folder).because == "the second"
    assert found.results
    bless(other, baseline, "once more")
    assert read_blessing(baseline).because == "once more"


def test_an_old_baseline_is_deleted_only_where_a_blessed_one_stands(run, tmp_path):
    baseline, before = tmp_path / "baseline", tmp_path / ".baseline.before"
    bless(run, baseline, "the first")
    baseline.rename(before)
    baseline.mkdir()
    (baseline / "thesis.txt").write_text("mine")
    with pytest.raises(BadInput, match="something else"):
        bless(run, baseline, "the second")
    assert read_blessing(before).because == "the first"
    (baseline / "thesis.txt").unlink()
    bless(run, baseline, "the second")
    assert read_blessing(baseline).because == "the second"
    assert not before.exists()


def test_two_blessings_at_once_are_refused(run, tmp_path):
    lock = FileLock(tmp_path / ".baseline.lock")
    with lock, pytest.raises(BadInput, match="Another --accept"):
        bless(run, tmp_path / "baseline", "the first")
    assert not (tmp_path / "baseline").exists()


def test_a_damaged_blessing_is_one_sentence(run, tmp_path):
    bless(run, tmp_path / "baseline", "the first")
    (tmp_path / "baseline" / "blessed.json").write_text('{"who": 3}')
    with pytest.raises(RecordError, match="isn't a Blessing"):
        read_blessing(tmp_path / "baseline")


def test_the_sentence_says_who_when_from_where_and_why(run, tmp_path):
    made = bless(run, tmp_path / "baseline", "the first")
    words = made.model_copy(
        update={"who": "Ada", "commit": "0123456789abcdef", "when": "2026-11-22T1"}
    )
    assert words.sentence == (
        "blessed by Ada on 2026-11-22 from commit 0123456789ab because: the first"
    )


def test_a_failed_rename_puts_the_old_one_back(run, tmp_path, monkeypatch):
    baseline = tmp_path / "baseline"
    bless(run, baseline, "the first")
    before, rename = files(baseline), Path.rename

    def refuse(path, to):
        if path.name.endswith(".part"):
            raise OSError(28, "No space left on device")
        return rename(path, to)

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(OSError, match="No space"):
        bless(run, baseline, "the second")
    assert files(baseline) == before


def test_refusals(run, tmp_path):
    with pytest.raises(BadInput, match="reason"):
        bless(run, tmp_path / "baseline", "  ")
    with pytest.raises(BadInput, match="itself"):
        bless(run, run.folder, "why not")
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "thesis.txt").write_text("mine")
    with pytest.raises(BadInput, match="something else"):
        bless(run, tmp_path / "home", "oops")
    assert (tmp_path / "home" / "thesis.txt").read_text() == "mine"
    plain = build_run(tmp_path / "plain", ROWS[:1])
    with pytest.raises(BadInput, match="something else"):
        bless(run, plain.folder, "oops")
    assert (plain.folder / "media").is_dir()
    with pytest.raises(NothingMeasured):
        bless(emptied(build_run(tmp_path / "empty").folder), tmp_path / "baseline", "nothing")


def test_a_damaged_array_is_never_blessed(run, tmp_path):
    file = of(run, "torch-fp32").get("confusion").arrays.file
    (run.folder / "cases" / file).write_bytes(b"rotten")
    with pytest.raises(RecordError, match="digest"):
        bless(run, tmp_path / "baseline", "the first")
    assert not (tmp_path / "baseline").exists()


def test_who_falls_back_on_the_user_without_git(run, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("LOGNAME", "ada")
    made = bless(run, tmp_path / "baseline", "the first")
    assert (made.who, made.commit) == ("ada", None)
    assert json.loads((tmp_path / "baseline" / "blessed.json").read_text())["schema"] == 1


def test_a_relative_baseline_is_fine(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    bless(run, Path("baseline"), "the first")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    bless(run, Path(), "an empty folder of one's own")
    assert (tmp_path / "here" / "run.json").is_file()
