import json

import pytest
import typer
from typer.testing import CliRunner

from bench.cli.app import guard
from bench.cli.selftest import selftest
from bench.live import selftest as trials
from bench.record.calibration import Calibration, Rate
from tests import builders, small

app = typer.Typer()
app.command()(guard(selftest))

MADE = Calibration(
    machine=builders.environment().machine, case="conv", pairs=40, log_ratios=(0.0,) * 40,
    gate_pairs=10, threshold=1.03, false_alarms=Rate(hits=4, of=2000, low=0.0, high=0.6),
    smallest=1.045, in_process=1.004, measured="2026-11-22T12:00:00Z",
)  # fmt: skip


@pytest.fixture
def asked(tmp_path, cache, monkeypatch):
    """Suite's file; list of (case, pairs) that were measured."""
    seen = []

    def run(job, pairs, tell, *, policy):
        assert policy.pairs == 10
        seen.append((job.case.id, pairs))
        return MADE

    monkeypatch.setattr(trials, "run", run)
    return str(small.write_suite(tmp_path, blocks=2)), seen


def test_it_prints_alarms_threshold_and_smallest(asked):
    suite, seen = asked
    done = CliRunner().invoke(app, [suite, "--only", "*a1", "--pairs", "20"])
    assert done.exit_code == 0, done.stderr
    assert seen == [("conv/onnx-onnxruntime-fp32/one/blocks/a1", 20)]
    for words in (
        "0.2 % of gates of 10 pairs",
        "0.0 to 60 %",
        "1.030 (this machine's",
        "4.5 %",
        "1.004",
        "by construction",
    ):
        assert words in done.stdout


def test_fewer_pairs_than_two_looks_are_refused_before_anything_runs(asked):
    suite, seen = asked
    done = CliRunner().invoke(app, [suite, "--only", "*a1", "--pairs", "19"])
    assert done.exit_code == 2
    assert "19 pairs are too few" in done.stderr
    assert "--pairs 20" in done.stderr
    assert seen == []


def test_json_is_the_record(asked):
    suite, _ = asked
    done = CliRunner().invoke(app, [suite, "--case", "*a1", "--json"])
    assert Calibration.model_validate(json.loads(done.stdout)) == MADE


def test_it_times_one_case(asked):
    suite, seen = asked
    done = CliRunner().invoke(app, [suite, "--only", "*"])
    assert done.exit_code == 2
    assert "matches 2 cases" in done.stderr
    assert seen == []
