from __future__ import annotations

import pytest

from bench.errors import BadInput
from bench.gate.judge import judge
from bench.suite.policy import GatePolicy, Rule
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


def test_a_rule_loosens_one_case_and_is_named(baseline, tmp_path):
    rules = (
        Rule(metric="file_bytes", case=f"*/{INT8}/*", ratio=3),
        Rule(metric="rss*", case=f"*/{FP32}/*", blocks=False),
    )
    policy = GatePolicy(rule=rules)
    old = build_run(tmp_path / "ruled", gate=policy)
    rows = with_rows(ROWS, INT8, file_bytes=8_000_000)
    rows = with_rows(rows, FP32, file_bytes=28_000_000, peak_bytes=2**30)
    found = judge(build_run(tmp_path / "run", rows, gate=policy), old)
    assert {(v.case.split("/")[1], v.metric) for v in found.blocking} == {(FP32, "file_bytes")}
    assert verdict(found, FP32, "rss_peak_bytes").kind == "regressed"
    (note,) = (n for n in found.notes if n.startswith("Rule"))
    assert note.startswith("Rule 2 of the policy: rss* of")
    assert "1 verdicts, 1 of them regressed" in note


def test_a_rule_may_let_a_case_fail_and_says_so(tmp_path):
    policy = GatePolicy(rule=(Rule(metric="status", case=f"*/{FP32}/*", blocks=False),))
    old = build_run(tmp_path / "old", gate=policy)
    rows = with_rows(ROWS, FP32, status="failed", reason="It broke.")
    found = judge(build_run(tmp_path / "run", rows, gate=policy), old)
    assert verdict(found, FP32, "status").kind == "regressed"
    assert found.outcome == "open"
    assert any("Rule 1" in n and "1 of them regressed" in n for n in found.notes)


def test_only_and_metric_narrow_the_gate_and_say_so(baseline, tmp_path):
    run = built(tmp_path, INT8, flip=0.3, file_bytes=8_000_000)
    found = judge(run, baseline, only=f"*/{FP32}/*")
    assert {v.case.split("/")[1] for v in found.verdicts} == {FP32}
    assert found.outcome == "open"
    found = judge(run, baseline, metric="file_bytes")
    assert {v.metric for v in found.blocking} == {"file_bytes"}
    assert any("'file_bytes'" in note for note in found.notes)
    found = judge(planted.moved(run), baseline, metric="latency_p50*")
    assert found.outcome == "nothing measured"
    with pytest.raises(BadInput, match="No case matches"):
        judge(run, baseline, only="nobody")
    with pytest.raises(BadInput, match="latency_p50_ms"):
        judge(run, baseline, metric="latency_p5_ms")
