from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.gate.judge import judge
from bench.gate.latency import latency
from bench.gate.pair import Pair
from bench.metrics.base import Metric, Row
from bench.record.timing import Launch, TimingMeasurement
from bench.suite.policy import GatePolicy
from tests.builders import ROWS, build_run, result, with_rows
from tests.gate import planted
from tests.gate.planted import launched, samples, verdict

INT8 = "onnx-onnxruntime-int8-static"
FP32 = "onnx-onnxruntime-fp32"
POLICY = GatePolicy()
seeds = st.integers(0, 2**31)


def row(timing: TimingMeasurement) -> Row:
    of = result(measurements=(timing,))
    return Row(of, {"latency_p50_ms": Metric(min(timing.launches[0].end_to_end_ns) / 1e6)})


def judged(old: TimingMeasurement, new: TimingMeasurement, policy: GatePolicy = POLICY):
    return latency(Pair(row(old), row(new), None, None, policy))


def scaled(timing: TimingMeasurement, k: float) -> TimingMeasurement:
    ns = tuple(int(x * k) for x in timing.launches[0].end_to_end_ns)
    return TimingMeasurement(launches=(Launch(end_to_end_ns=ns),))


@settings(max_examples=50, deadline=None)
@given(seeds, seeds, st.sampled_from([7, 30, 100]))
def test_the_same_distribution_never_regresses(a, b, count):
    found = judged(samples(20, a, count), samples(20, b, count))
    assert found.kind in {"unchanged", "undecided"}
    assert not found.blocks


@settings(max_examples=50, deadline=None)
@given(seeds, seeds, st.floats(2.0, 50))
def test_a_large_slow_down_always_regresses_and_its_mirror_improves(a, b, k):
    old, new = samples(20, a), samples(20 * k, b)
    assert judged(old, new).kind == "regressed"
    assert judged(old, new).blocks
    assert judged(new, old).kind == "improved"
    assert not judged(new, old).blocks


@settings(max_examples=50, deadline=None)
@given(seeds, st.floats(0.1, 10))
def test_the_interval_encloses_the_ratio_of_scaled_samples(seed, k):
    old = samples(20, seed)
    found = judged(old, scaled(old, k))
    assert found.low <= k * 1.0001
    assert found.high >= k * 0.9999


def test_one_bad_sample_changes_nothing():
    old = samples(20, 1)
    spoilt = (*old.launches[0].end_to_end_ns[:-1], 10**12)
    new = TimingMeasurement(launches=(Launch(end_to_end_ns=spoilt),))
    assert judged(old, new).kind == "unchanged"


def test_too_few_samples_are_undecided():
    found = judged(samples(20, 1, 3), samples(80, 2, 3))
    assert (found.kind, found.blocks) == ("undecided", False)
    assert "too few" in found.why


def test_without_a_limit_it_informs():
    found = judged(samples(20, 1), samples(80, 2), GatePolicy(latency_ratio=None))
    assert (found.kind, found.blocks) == ("regressed", False)


def test_a_certain_change_below_the_limit_is_said_and_not_called():
    found = judged(samples(20, 1), samples(26, 2))
    assert found.kind == "unchanged"
    assert "less than stored runs can prove" in found.why


def test_processes_are_the_unit_where_there_are_several():
    found = judged(launched(20, 1, 4), launched(60, 2, 5))
    assert (found.kind, found.blocks) == ("regressed", True)
    assert "5 processes against 4" in found.why


def test_undecided_names_the_smallest_change_that_would_have_been_called():
    found = judged(launched(20, 1, 2, luck=0.2), launched(20, 2, 2, luck=0.2))
    assert found.kind == "undecided"
    assert found.smallest > 1.5 * found.high / found.low / 2
    assert not found.blocks


@pytest.fixture
def baseline(tmp_path):
    return build_run(tmp_path / "baseline")


def built(tmp_path, slug="", **changes):
    return build_run(tmp_path / "run", with_rows(ROWS, slug, **changes))


def test_on_another_machine_the_ratio_to_the_reference_is_judged(baseline, tmp_path):
    run = planted.moved(built(tmp_path, FP32, latency_ms=30.0))
    found = judge(run, baseline)
    slow = verdict(found, FP32, "latency_ratio")
    assert (slow.kind, slow.blocks, slow.compared) == ("regressed", True, "ratio")
    assert 2.5 < slow.low < 3 < slow.high < 3.5
    assert "ratio to torch-fp32" in slow.why
    assert verdict(found, INT8, "latency_ratio").kind == "unchanged"
    assert not [
        v for v in found.verdicts if v.metric == "latency_ratio" and "/torch-fp32/" in v.case
    ]
    other = judge(planted.moved(run, flags=("avx512f", "avx512_vnni")), baseline)
    informs = verdict(other, FP32, "latency_ratio")
    assert (informs.kind, informs.blocks) == ("regressed", False)
    assert "avx512_vnni" in informs.why
    assert other.outcome == "open"


def test_without_a_reference_another_machine_has_no_ratio(baseline, tmp_path):
    found = judge(planted.without(planted.moved(built(tmp_path)), "torch-fp32"), baseline)
    said = verdict(found, FP32, "latency_ratio")
    assert (said.kind, said.blocks) == ("incomparable", False)
    assert "torch-fp32" in said.why
