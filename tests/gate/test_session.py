from __future__ import annotations

import json

import pytest

from bench.gate.judge import judge
from bench.gate.pair import Pair
from bench.gate.session import BEGUN, asked, stored, supersedes
from bench.gate.verdict import LIVE, Verdict
from bench.metrics.rows import rows
from tests.builders import ROWS, build_run, with_rows
from tests.gate import planted
from tests.gate.planted import of, verdict

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


def test_pairs_of_a_gate_that_was_stopped_are_not_judged(baseline, tmp_path):
    run = built(tmp_path)
    half = planted.paired(run, FP32, ratio=1.1, count=20, first=10)
    planted.paired(run, INT8)
    (run.folder / "pairs" / BEGUN).write_text(json.dumps({half.case: ""}))
    found = judge(run, baseline)
    assert [v.case for v in found.verdicts if v.metric == LIVE] == [planted.of(run, INT8).case.id]
    assert any("was stopped" in note and f"--only {half.case}" in note for note in found.notes)


@pytest.mark.parametrize(
    "what", [{"code_digest": "another"}, {"versions": {"onnxruntime": "99"}}, None]
)
def test_pairs_with_a_folder_cannot_excuse_what_they_cannot_see(baseline, tmp_path, what):
    """Both sides ran today's code: the code, a version or an exporter may be what is slower."""
    run = built(tmp_path, FP32, latency_ms=30.0)
    result = planted.of(run, FP32)
    if what is None:
        other = result.artifact.model_copy(update={"digest": "another"})
        run = planted.revised(run, FP32, artifact=other)
    else:
        place = result.environment.model_copy(update=what)
        run = planted.revised(run, FP32, environment=place)
    planted.paired(run, FP32, baseline=str(baseline.folder))
    old, new = ({r.id: r for r in rows(x)}[result.case.id] for x in (baseline, run))
    pair = Pair(old, new, baseline, run)
    live = Verdict(case=new.id, metric=LIVE, kind="unchanged", why="")
    session, _ = stored(run)
    assert not supersedes(session, live, pair)
    same = Pair(old, old, baseline, run)
    assert supersedes(session, live, same)


def test_pairs_with_a_folder_decide_between_two_cases(baseline, tmp_path):
    run = built(tmp_path, FP32, latency_ms=30.0)
    other = planted.of(run, FP32).artifact.model_copy(update={"digest": "another"})
    run = planted.revised(run, FP32, artifact=other, fingerprint="f" * 64)
    record = planted.paired(run, FP32, baseline=str(baseline.folder))
    old, new = ({r.id: r for r in rows(x)}[record.case] for x in (baseline, run))
    live = Verdict(case=new.id, metric=LIVE, kind="unchanged", why="")
    assert supersedes(stored(run)[0], live, Pair(old, new, baseline, run))


def test_a_case_that_could_not_be_paired_is_missing_with_its_reason_until_it_is_measured_anew(
    baseline, tmp_path
):
    run = built(tmp_path)
    started = of(run, FP32).started
    record = planted.paired(
        run, FP32, count=0, baseline="main", absent="It has no such backend.", started=started
    )
    assert not record.pairs
    found = verdict(judge(run, baseline), FP32, LIVE)
    assert (found.kind, found.blocks) == ("missing", True)
    assert (
        found.why
        == "live pairs with main were asked for, and none was measured: It has no such backend."
    )
    planted.paired(
        run, FP32, count=0, baseline="main", absent="No.", started="2000-01-01T00:00:00Z"
    )
    found = judge(run, baseline)
    assert not [v for v in found.verdicts if v.metric == LIVE]
    assert any("older than its result" in note for note in found.notes)
