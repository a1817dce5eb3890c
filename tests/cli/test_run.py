import errno
import os

import pytest
from typer.testing import CliRunner

from bench.cli import watch
from bench.cli.app import app
from bench.metrics import rows as derived
from bench.plan import schedule
from bench.record.store import read_run
from bench.suite.suite import Suite
from tests import small


def run(*words):
    return CliRunner().invoke(app, ["run", *map(str, words)])


@pytest.fixture
def path(tmp_path):
    return small.write_suite(tmp_path, 2)


def test_a_run_goes_on_where_it_stopped(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = run(path, "--only", "*/a1")
    assert done.exit_code == 0, done.stderr
    out = tmp_path / "runs" / "small"
    (first,) = read_run(out).results
    assert first.case.axis == "a1"
    assert str(out / "card.html") in done.stdout
    assert "[1/1] conv/onnx-onnxruntime-fp32/one/blocks/a1: measuring" in done.stderr

    done = run(path)
    assert done.exit_code == 0, done.stderr
    assert [r.case.axis for r in read_run(out).results] == ["a0", "a1"]
    assert read_run(out).results[1] == first
    assert "--fresh" not in done.stderr

    done = run(path)
    assert done.exit_code == 0
    assert "Everything stood already; measure again with --fresh." in done.stderr
    assert "measuring" not in done.stderr
    assert "conv" in done.stdout
    assert not (out / "superseded").exists()


def test_a_suite_is_expanded_once_and_a_record_derived_once(path, tmp_path, monkeypatch):
    done = []

    def counting(module, name):
        real = getattr(module, name)
        monkeypatch.setattr(module, name, lambda *words: done.append(name) or real(*words))

    rule = '\n[[gate.rule]]\nmetric = "miou"\nmargin = 0.1\n'
    path.write_text(path.read_text() + rule)
    counting(Suite, "_cases")
    counting(derived, "rows")
    assert run(path, "--out", tmp_path / "out", "--only", "*/a1").exit_code == 0
    assert sorted(done) == ["_cases", "rows"]


def test_list_measures_nothing(path, tmp_path):
    done = run(path, "--out", tmp_path / "out", "--list")
    assert done.exit_code == 0
    assert done.stdout.split() == [f"conv/onnx-onnxruntime-fp32/one/blocks/a{i}" for i in (0, 1)]
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--only", "nothing"], "No case matches --only 'nothing'"),
        (["--root", "blocks"], "--root 'blocks' isn't of the form NAME=VALUE"),
        (["--target", "toaster"], "toaster"),
        (["--weights", "conv=hub"], "names no hub id"),
    ],
)
def test_mistakes_are_sentences(path, tmp_path, words, said):
    done = run(path, "--out", tmp_path / "out", *words)
    assert done.exit_code == 2
    assert said in done.stderr
    assert "Traceback" not in done.output
    assert not (tmp_path / "out").exists()


def test_code_is_refused_with_status_2(path, tmp_path):
    text = path.read_text()
    path.write_text(
        text.replace("[dataset.blocks]", '[model.mine]\nloader = "callable"\nsource = "code"\n'
                     'location = "mine:build"\n\n[dataset.blocks]')
        + '\n[[block]]\nmodel = "mine"\ndataset = "blocks"\ntargets = ["one"]\n'
        'variants = ["torch-fp32"]\n'
    )  # fmt: skip
    done = run(path, "--out", tmp_path / "out")
    assert done.exit_code == 2
    assert "--allow-code" in done.stderr
    assert not (tmp_path / "out").exists()
    assert run(path, "--out", tmp_path / "out", "--only", "mine*").exit_code == 2


def test_nothing_measured_is_status_4(path, tmp_path):
    path.write_text(path.read_text() + '\n[target.one.requires]\nprocessor = "Abacus"\n')
    text = path.read_text().replace(
        "threads = 1\n", 'threads = 1\nrequires = {processor = "Abacus"}\n'
    )
    path.write_text(text.replace('\n[target.one.requires]\nprocessor = "Abacus"\n', ""))
    done = run(path, "--out", tmp_path / "out")
    assert done.exit_code == 4
    assert "every case was skipped" in done.stderr
    assert {r.status for r in read_run(tmp_path / "out").results} == {"skipped"}


def test_a_disk_without_room_is_no_traceback(path, tmp_path, monkeypatch):
    def full(*words, **more):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(schedule, "write_result", full)
    monkeypatch.setattr("bench.report.card.write_card", full)
    done = run(path, "--out", tmp_path / "out")
    assert done.exit_code == 3, done.output
    assert "No space left on device" in done.stderr
    assert done.exception is None or isinstance(done.exception, SystemExit)


def test_an_interrupt_ends_with_130_and_keeps_what_there_is(path, tmp_path, monkeypatch):
    step = watch.Watch.step

    def interrupted(self, case, what):
        step(self, case, what)
        if (case.axis, what) == ("a1", "measuring"):
            raise KeyboardInterrupt

    monkeypatch.setattr(watch.Watch, "step", interrupted)
    done = run(path, "--out", tmp_path / "out")
    assert done.exit_code == 130
    assert [r.status for r in read_run(tmp_path / "out").results] == ["ok"]
