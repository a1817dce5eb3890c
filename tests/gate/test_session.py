from __future__ import annotations

import pytest

from bench.gate.judge import judge
from bench.gate.session import asked
from bench.gate.verdict import LIVE
from tests.builders import ROWS, build_run, with_rows
from tests.gate import planted
from tests.gate.planted import verdict

INT8 = "onnx-onnxruntime-int8-static"
FP32 = "onnx-onnxruntime-fp32"


@pytest.fixture
def baseline(tmp_path):
    return build_run(tmp_path / "baseline")


def built(tmp_path, slug="", **changes):
    return build_run(tmp_path / "run", with_rows(ROWS, slug, **changes))


def test_live_pairs_decide_in_place_of_the_same_baselines_latency(baseline, tmp_path):
    run = built(tmp_path, FP32, latency_ms=30.0)
    found = judge(run, baseline)
    assert verdict(found, FP32, "latency_p50_ms").blocks
    planted.paired(run, FP32, baseline="elsewhere")
    found = judge(run, baseline)
    assert verdict(found, FP32, LIVE).kind == "unchanged"
    assert verdict(found, FP32, "latency_p50_ms").blocks, (
        "another base proves nothing about this one"
    )
    planted.paired(run, FP32, baseline=str(baseline.folder))
    found = judge(run, baseline)
    stored = verdict(found, FP32, "latency_p50_ms")
    assert (stored.kind, stored.blocks) == ("regressed", False)
    assert "live pairs decide" in stored.why
    assert found.outcome == "open"
    planted.paired(run, FP32, baseline="main", baseline_commit="f" * 40)
    assert verdict(judge(run, baseline), FP32, "latency_p50_ms").blocks, "another commit"
    commit = planted.of(baseline, FP32).environment.git_commit
    planted.paired(run, FP32, baseline="main", baseline_commit=commit)
    assert not verdict(judge(run, baseline), FP32, "latency_p50_ms").blocks


def test_live_pairs_block_and_need_no_baseline(tmp_path):
    run = built(tmp_path)
    planted.paired(run, FP32, ratio=1.1, count=20, first=10)
    found = judge(run, None)
    slow = verdict(found, FP32, LIVE)
    assert (slow.kind, slow.blocks) == ("regressed", True)
    assert [v.metric for v in found.verdicts] == [LIVE]
    assert found.outcome == "closed"
    assert any("no baseline" in note for note in found.notes)


def test_pairs_that_are_older_than_the_result_are_not_judged(baseline, tmp_path):
    run = planted.revised(built(tmp_path), FP32, started="2026-11-24T00:00:00Z")
    planted.paired(run, FP32, ratio=1.1, count=20, first=10)
    found = judge(run, baseline)
    assert LIVE not in {v.metric for v in found.verdicts}
    assert any("older than its result" in note for note in found.notes)


def test_live_pairs_that_were_asked_for_and_not_measured_never_pass(baseline, tmp_path):
    run = built(tmp_path)
    nothing = asked(run, "main", (), None)
    found = judge(run, baseline, session=nothing)
    assert verdict(found, FP32, LIVE).kind == "missing"
    assert found.outcome == "nothing measured"
    assert "no live pair" in found.sentence
    assert judge(run, None, session=nothing).outcome == "nothing measured"
    one = asked(run, "main", (planted.paired(run, FP32),), None)
    found = judge(run, baseline, session=one, only=f"*/{FP32}/*")
    assert found.outcome == "open"
    found = judge(run, baseline, session=one)
    assert {(v.metric, v.kind) for v in found.blocking} == {(LIVE, "missing")}
