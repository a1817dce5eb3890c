from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from bench.gate.latency import latency, samples_ns
from bench.gate.pair import Pair
from bench.metrics.base import Metric, Row
from bench.record.timing import Launch, TimingMeasurement
from bench.spec.policy import GatePolicy
from tests.builders import result
from tests.gate.planted import samples

POLICY = GatePolicy()
seeds = st.integers(0, 2**31)


def row(timing: TimingMeasurement) -> Row:
    of = result(measurements=(timing,))
    return Row(of, {"latency_p50_ms": Metric(min(samples_ns(of)) / 1e6)})


def judged(old: TimingMeasurement, new: TimingMeasurement, policy: GatePolicy = POLICY):
    return latency(Pair(row(old), row(new), None, None), policy)


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
    assert "less than a stored run can prove" in found.why


def test_samples_of_all_launches_count():
    first, second = samples(20, 1).launches[0], samples(20, 2).launches[0]
    of = result(measurements=(TimingMeasurement(launches=(first, second)),))
    assert len(samples_ns(of)) == 60
