from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from bench.cli.app import app
from tests.builders import ROWS, build_run, with_rows
from tests.gate.planted import emptied, retimed

INT8 = "onnx-onnxruntime-int8-static"


@pytest.fixture
def old(tmp_path):
    return str(build_run(tmp_path / "old").folder)


def gate(*words):
    return CliRunner().invoke(app, ["gate", *map(str, words)])


def built(tmp_path, **changes):
    return str(build_run(tmp_path / "new", with_rows(ROWS, INT8, **changes)).folder)


def test_open_exits_0_and_closed_exits_1(old, tmp_path):
    done = gate(old, "--baseline", old)
    assert (done.exit_code, "The gate is open" in done.stdout) == (0, True)
    done = gate(built(tmp_path, flip=0.2), "--baseline", old)
    assert (done.exit_code, "The gate is closed" in done.stdout) == (1, True)
    assert f"micro/{INT8}/cpu/scenes" in done.stdout


def test_a_planted_slow_down_exits_1(old, tmp_path):
    slow = retimed(build_run(tmp_path / "slow"), seed=3, scale=2.0)
    assert gate(slow.folder, "--baseline", old).exit_code == 1


def test_nothing_measured_exits_4_and_says_so(old, tmp_path):
    built(tmp_path)
    empty = emptied(tmp_path / "new").folder
    done = gate(empty, "--baseline", old)
    assert done.exit_code == 4
    assert "never passes" in done.stderr
    done = gate(empty, "--baseline", old, "--json")
    assert done.exit_code == 4
    assert json.loads(done.stdout)["outcome"] == "nothing measured"


def test_bad_input_exits_2(old, tmp_path):
    assert gate(tmp_path, "--baseline", old).exit_code == 2
    done = gate(old, "--baseline", tmp_path / "none")
    assert done.exit_code == 2
    assert "--accept" in done.stderr
    assert gate(old, "--baseline", old, "--because", "x").exit_code == 2
    assert gate(old, "--baseline", tmp_path / "b", "--accept").exit_code == 2
    assert not (tmp_path / "b").exists()


def test_json_is_stable(old, tmp_path):
    done = gate(built(tmp_path, flip=0.2), "--baseline", old, "--json")
    found = json.loads(done.stdout)
    assert set(found) == {
        *("schema", "run", "baseline", "outcome", "sentence", "counts", "policy"),
        *("verdicts", "new", "notes", "blessing"),
    }
    assert (found["schema"], found["outcome"], done.exit_code) == (1, "closed", 1)
    miou = next(v for v in found["verdicts"] if v["metric"] == "miou" and v["blocks"])
    assert set(miou) == {
        *("case", "metric", "kind", "baseline", "current", "low", "high", "compared"),
        *("why", "blocks"),
    }
    assert (miou["kind"], miou["compared"]) == ("regressed", "difference")


def test_accept_makes_and_renews_a_baseline(old, tmp_path):
    base = tmp_path / "baselines" / "built"
    done = gate(old, "--baseline", base, "--accept", "--because", "the first")
    assert done.exit_code == 0
    assert gate(old, "--baseline", base).exit_code == 0
    worse = built(tmp_path, flip=0.2)
    assert gate(worse, "--baseline", base).exit_code == 1
    done = gate(worse, "--baseline", base, "--accept", "--because", "a smaller net", "--json")
    assert done.exit_code == 0
    blessing = json.loads(done.stdout)["blessing"]
    assert blessing["because"] == "a smaller net"
    assert any("miou regressed" in a for a in blessing["accepted"])
    assert gate(worse, "--baseline", base).exit_code == 0


def test_verbose_lists_the_unchanged(old):
    quiet, loud = gate(old, "--baseline", old), gate(old, "--baseline", old, "-v")
    assert "--verbose lists them" in quiet.stdout
    assert loud.stdout.count("unchanged") > 20
