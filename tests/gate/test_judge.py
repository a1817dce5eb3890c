from __future__ import annotations

import pytest

from bench.gate.judge import judge
from bench.gate.session import Session
from bench.record.store import read_run, write_arrays
from bench.suite.case import ParityLimit
from bench.suite.policy import GatePolicy
from tests.builders import ROWS, Planned, build_run, with_rows
from tests.gate import planted
from tests.gate.planted import verdict
from tests.live import scripted

INT8 = "onnx-onnxruntime-int8-static"
FP32 = "onnx-onnxruntime-fp32"


@pytest.fixture
def baseline(tmp_path):
    return build_run(tmp_path / "baseline")


def built(tmp_path, slug="", **changes):
    return build_run(tmp_path / "run", with_rows(ROWS, slug, **changes))


def test_the_same_run_is_unchanged_in_everything(baseline):
    found = judge(baseline, baseline)
    assert {v.kind for v in found.verdicts} == {"unchanged"}
    assert found.outcome == "open"
    assert found.sentence.startswith("The gate is open")


def test_a_planted_accuracy_drop_closes_the_gate(baseline, tmp_path):
    found = judge(built(tmp_path, INT8, flip=0.09), baseline)
    assert found.outcome == "closed"
    blocked = {(v.case.split("/")[1], v.metric, v.kind) for v in found.blocking}
    assert (INT8, "miou", "regressed") in blocked
    assert {slug for slug, _, _ in blocked} == {INT8}
    miou = verdict(found, INT8, "miou")
    assert miou.high < -0.01
    assert miou.low <= miou.current - miou.baseline <= miou.high


def test_a_planted_slow_down_by_two_closes_the_gate(baseline, tmp_path):
    planted.retimed(baseline, seed=1)
    found = judge(planted.retimed(built(tmp_path), seed=2, scale=2.0), baseline)
    slower = [v for v in found.blocking if v.metric == "latency_p50_ms"]
    assert {v.case.split("/")[1] for v in slower} == {"torch-fp32", FP32, INT8}
    assert set(found.blocking) == set(slower)
    assert not verdict(found, "torch-bf16", "latency_p50_ms").blocks, "wrong both times"


@pytest.mark.parametrize("seed", range(10))
def test_no_alarm_on_a_repeat(baseline, tmp_path, seed):
    before = planted.retimed(baseline, seed=100 + seed)
    found = judge(planted.retimed(built(tmp_path), seed=200 + seed), before)
    assert found.outcome == "open"
    assert not {"regressed", "improved"} & {v.kind for v in found.verdicts}


def test_a_case_that_is_gone_is_missing(baseline, tmp_path):
    found = judge(planted.without(built(tmp_path), FP32), baseline)
    gone = verdict(found, FP32, "status")
    assert (gone.kind, gone.blocks, gone.current) == ("missing", True, None)
    assert any("isn't finished: 1 planned" in note for note in found.notes)


@pytest.mark.parametrize(
    ("status", "kind"), [("failed", "regressed"), ("wrong", "regressed"), ("skipped", "missing")]
)
def test_a_case_that_was_ok_and_no_longer_is_blocks(baseline, tmp_path, status, kind):
    found = judge(built(tmp_path, FP32, status=status, reason="Because of the test."), baseline)
    now = verdict(found, FP32, "status")
    assert (now.kind, now.blocks) == (kind, True)
    assert "Because of the test." in now.why


def test_what_was_broken_before_blocks_nothing(baseline, tmp_path):
    run = planted.revised(built(tmp_path), "torchscript-fp32", reason="Killed once more.")
    found = judge(run, baseline)
    assert verdict(found, "torchscript-fp32", "status").kind == "unchanged"
    assert verdict(found, "torch-bf16", "status").kind == "unchanged"
    other = planted.of(run, "torchscript-fp32").failure.model_copy(update={"type": "timeout"})
    found = judge(planted.revised(run, "torchscript-fp32", failure=other), baseline)
    changed = verdict(found, "torchscript-fp32", "status")
    assert (changed.kind, changed.blocks) == ("undecided", False)
    assert "SIGKILL" in changed.why
    assert "timeout" in changed.why


def test_a_repaired_case_is_improved_and_its_old_numbers_are_not_compared(baseline, tmp_path):
    found = judge(built(tmp_path, "torch-bf16", status="ok", flip=0.0), baseline)
    assert [v.kind for v in found.verdicts if "/torch-bf16/" in v.case] == ["improved"]
    assert found.outcome == "open"


@pytest.mark.parametrize("now", [{"status": "ok", "flip": 0.0}, {}])
def test_live_pairs_of_a_case_that_was_wrong_are_judged_and_block(baseline, tmp_path, now):
    """Repaired or wrong still: what was measured just now isn't the old, wrong numbers."""
    run = built(tmp_path, "torch-bf16", **now)
    case = planted.of(run, "torch-bf16").case.id
    slow = scripted.record(*scripted.pairs(1.2, 20), case=case, first=10, confirms=True)
    found = judge(run, baseline, session=Session("main", {case: slow}, frozenset({case})))
    live = verdict(found, "torch-bf16", "latency_live")
    assert (live.kind, live.blocks) == ("regressed", True)
    assert found.outcome == "closed"
    assert not [v for v in found.blocking if v.metric != "latency_live"]


def test_numbers_of_a_case_that_is_wrong_both_times_never_block(baseline, tmp_path):
    found = judge(built(tmp_path, "torch-bf16", flip=0.9, file_bytes=9_000_000), baseline)
    assert verdict(found, "torch-bf16", "miou").kind == "regressed"
    assert found.outcome == "open"


def test_another_machine_parts_latency_and_memory_only(baseline, tmp_path):
    found = judge(planted.moved(built(tmp_path, FP32, latency_ms=11.0)), baseline)
    for metric in ("latency_p50_ms", "rss_peak_bytes"):
        parted = verdict(found, FP32, metric)
        assert (parted.kind, parted.blocks) == ("incomparable", False)
        assert "Another Processor 9" in parted.why
    assert verdict(found, FP32, "miou").kind == "unchanged"
    assert found.outcome == "open"
    assert "could not be compared" in found.sentence


def test_another_timing_fingerprint_is_incomparable_and_names_the_field(baseline, tmp_path):
    run = planted.reprotocolled(built(tmp_path), FP32, warmup=9)
    found = judge(run, baseline)
    assert "warmup (2, now 9)" in verdict(found, FP32, "latency_p50_ms").why
    assert verdict(found, FP32, "rss_peak_bytes").kind == "incomparable"
    assert verdict(found, FP32, "miou").kind == "unchanged"


def test_another_accuracy_fingerprint_is_incomparable_and_names_the_field(baseline, tmp_path):
    run = planted.reprotocolled(built(tmp_path, INT8, flip=0.5), INT8, postprocess="hf")
    found = judge(run, baseline)
    for metric in ("miou", "agreement"):
        parted = verdict(found, INT8, metric)
        assert (parted.kind, parted.blocks) == ("incomparable", False)
        assert "postprocess (reference, now hf)" in parted.why


def test_a_fingerprint_that_no_stored_field_explains_still_parts(baseline, tmp_path):
    found = judge(planted.revised(built(tmp_path), FP32, accuracy_fingerprint="0" * 12), baseline)
    parted = verdict(found, FP32, "miou")
    assert parted.kind == "incomparable"
    assert "accuracy_fingerprint" in parted.why


def test_nothing_but_sizes_in_common_is_no_gate(baseline, tmp_path):
    run = planted.moved(built(tmp_path))
    for slug in ("torch-fp32", FP32, INT8, "torch-bf16"):
        run = planted.reprotocolled(run, slug, postprocess="hf")
    found = judge(run, baseline)
    assert not found.blocking
    assert found.outcome == "nothing measured"


def test_an_empty_run_measured_nothing(baseline, tmp_path):
    built(tmp_path)
    found = judge(planted.emptied(tmp_path / "run"), baseline)
    assert found.outcome == "nothing measured"
    assert {v.kind for v in found.verdicts} == {"missing"}


def test_a_run_in_which_everything_fails_is_closed(baseline, tmp_path):
    rows = tuple(Planned(r.slug, status="failed") for r in ROWS)
    assert judge(build_run(tmp_path / "run", rows), baseline).outcome == "closed"


def test_a_measurement_that_is_gone_is_missing(baseline, tmp_path):
    run = built(tmp_path)
    kept = planted.replaced(planted.of(run, FP32), "timing", None)
    found = judge(planted.revised(run, FP32, measurements=kept), baseline)
    gone = verdict(found, FP32, "latency_p50_ms")
    assert (gone.kind, gone.blocks) == ("missing", True)
    unsaid = planted.revised(run, FP32, measurements=kept, timing_fingerprint="")
    gone = verdict(judge(unsaid, baseline), FP32, "latency_p50_ms")
    assert (gone.kind, gone.blocks) == ("missing", True), "an empty fingerprint hides nothing"


def test_a_new_case_informs_unless_it_is_broken(tmp_path):
    old = build_run(tmp_path / "baseline", ROWS[:1])
    found = judge(build_run(tmp_path / "run"), old)
    assert len(found.new) == len(ROWS) - 1
    assert {(v.case.split("/")[1], v.kind) for v in found.blocking} == {
        ("torch-bf16", "regressed"),
        ("torchscript-fp32", "regressed"),
    }
    assert judge(build_run(tmp_path / "other", ROWS[:3]), old).outcome == "open"


def test_limits_on_size_memory_and_agreement(baseline, tmp_path):
    run = built(tmp_path, FP32, file_bytes=14_400_000, peak_bytes=501 * 2**20, flip=0.03)
    found = judge(run, baseline)
    blocked = {v.metric for v in found.blocking}
    assert {"file_bytes", "rss_peak_bytes", "agreement"} <= blocked
    inside = build_run(
        tmp_path / "inside",
        with_rows(ROWS, FP32, file_bytes=14_200_000, peak_bytes=499 * 2**20),
    )
    assert judge(inside, baseline).outcome == "open"


def test_the_policy_is_the_baselines(baseline, tmp_path):
    loose = GatePolicy(miou_margin=None, size_ratio=None, agreement_drop=None)
    rows = with_rows(ROWS, FP32, file_bytes=28_000_000)
    found = judge(build_run(tmp_path / "run", rows, gate=loose), baseline)
    assert {v.metric for v in found.blocking} == {"file_bytes"}
    assert any("miou_margin" in note for note in found.notes)
    old = build_run(tmp_path / "loose", gate=loose)
    found = judge(build_run(tmp_path / "strict", rows), old)
    assert verdict(found, FP32, "file_bytes").kind == "regressed"
    assert found.outcome == "open"


def test_a_loosened_limit_of_parity_hides_nothing(baseline, tmp_path):
    run = built(tmp_path, "torch-fp32")
    result = planted.of(run, INT8)
    case = result.case.model_copy(update={"parity": ParityLimit(agreement=None, sqnr_db=None)})
    old = planted.of(baseline, INT8)
    strict = old.case.model_copy(update={"parity": ParityLimit(agreement=0.97, sqnr_db=None)})
    planted.revised(baseline, INT8, case=strict)
    found = judge(planted.revised(run, INT8, case=case), read_run(baseline.folder))
    now = verdict(found, INT8, "status")
    assert (now.kind, now.blocks) == ("regressed", True)
    assert "loosened" in now.why


def test_fewer_images_are_paired_over_those_that_both_saw(baseline, tmp_path):
    run = built(tmp_path, INT8, flip=0.2)
    short = build_run(tmp_path / "short", images=8, seed=0)
    old = planted.of(short, INT8)
    counts = old.get("confusion")
    fewer = counts.model_copy(update={"images": counts.images[:6], "groups": counts.groups[:6]})
    arrays = short.arrays(counts.arrays)
    keep = arrays["image"] < 6
    kept = {k: v[keep] for k, v in arrays.items()}
    stored = write_arrays(short.folder / "cases", old.case.id, "confusion", kept)
    fewer = fewer.model_copy(update={"arrays": stored})
    short = planted.revised(
        short,
        INT8,
        measurements=planted.replaced(old, "confusion", fewer),
        accuracy_fingerprint="another-one",
    )
    found = verdict(judge(run, short), INT8, "miou")
    assert (found.kind, found.blocks) == ("regressed", True)
    assert "6 images that both saw" in found.why


def test_seeded_weights_are_gated_without_accuracy(tmp_path):
    rows = (Planned(seeded=True), Planned(FP32, seeded=True, latency_ms=10.0))
    old = build_run(tmp_path / "baseline", rows)
    found = judge(build_run(tmp_path / "run", rows), old)
    assert found.outcome == "open"
    assert "miou" not in {v.metric for v in found.verdicts}
    slow = with_rows(rows, FP32, latency_ms=30.0)
    assert judge(build_run(tmp_path / "slow", slow), old).outcome == "closed"
