import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.gate import live
from bench.metrics.pairs import draw_gates
from bench.record.calibration import Calibration, Rate
from bench.suite.policy import GatePolicy, Rule
from tests import builders
from tests.live import scripted

POLICY = GatePolicy()
HERE = builders.environment().machine


def calibration(threshold: float = 1.0, machine=HERE) -> Calibration:
    return Calibration(
        machine=machine, case="x", pairs=40, log_ratios=(0.0,) * 40, gate_pairs=10,
        threshold=threshold, false_alarms=Rate(hits=0, of=2000, low=0, high=0.6), smallest=1.04,
    )  # fmt: skip


def verdict(ratio: float, *, second: float | None = None, count: int = 10, spread=0.01, **more):
    measured = scripted.pairs(ratio, count, spread)
    first = None
    if second is not None:
        measured, first = (*measured, *scripted.pairs(second, count, spread, seed=1)), count
    record = scripted.record(*measured, first=first, confirms=first is not None)
    return live.judge(record, more.get("policy", POLICY), more.get("calibration", calibration()))


def test_a_slow_down_is_a_regression_only_when_it_was_measured_twice():
    once = verdict(1.10)
    assert (once.kind, once.blocks) == ("undecided", False)
    assert "not measured again" in once.why
    twice = verdict(1.10, second=1.09)
    assert (twice.kind, twice.blocks, twice.metric) == ("regressed", True, "latency_live")
    assert twice.low < 1.09 < twice.high
    assert "measured twice" in twice.why


def test_the_second_look_alone_gives_the_number():
    found = verdict(1.50, second=1.0)
    assert (found.kind, found.blocks) == ("unchanged", False)
    assert found.high < 1.02
    assert "not confirmed" in found.why


def test_looks_that_contradict_each_other_decide_nothing():
    assert verdict(1.1, second=0.9).kind == "undecided"


@pytest.mark.parametrize(
    ("ratio", "spread", "kind"),
    [(1.0, 0.005, "unchanged"), (0.9, 0.01, "improved"), (1.0, 0.1, "undecided")],
)
def test_one_look_decides_the_rest(ratio, spread, kind):
    found = verdict(ratio, spread=spread)
    assert (found.kind, found.blocks) == (kind, False)
    assert (found.smallest is not None) == (kind == "undecided")


def test_undecided_says_what_could_have_been_seen():
    found = verdict(1.0, spread=0.1)
    assert found.smallest > 1.1
    assert f"under {100 * (found.smallest - 1):.1f} %" in found.why


def test_the_machines_threshold_holds_where_it_is_larger_and_the_machine_the_same():
    assert verdict(1.10, second=1.10, calibration=calibration(1.2)).kind == "unchanged"
    other = HERE.model_copy(update={"cores": 64})
    found = verdict(1.10, second=1.10, calibration=calibration(1.2, other))
    assert found.kind == "regressed"
    assert "segbench selftest" in found.why
    assert "segbench selftest" in verdict(1.0, calibration=None).why


@pytest.mark.parametrize(
    ("change", "said"),
    [({"code_digest": "other"}, "of other code"), ({"gate_pairs": 7}, "of 7 pairs, not 10")],
)
def test_a_calibration_that_does_not_fit_is_ignored_and_named(change, said):
    found = verdict(1.10, second=1.10, calibration=calibration(1.2).model_copy(update=change))
    assert found.kind == "regressed"
    assert said in found.why


@pytest.mark.parametrize("count", [1, 8])
def test_it_says_against_what(count):
    record = scripted.record(*scripted.pairs(1.0, count), baseline_commit="0123456789abcdef")
    assert f"{count} live pairs with main (0123456789)" in live.judge(record, POLICY, None).why
    folder = scripted.record(*scripted.pairs(1.0, count), baseline="runs/old")
    assert f"{count} live pairs with runs/old" in live.judge(folder, POLICY, None).why


def test_what_could_have_been_seen_is_seen_in_95_percent_of_repeats():
    """Two looks of normal noise, scaled to the spread that the named slow-down rests on."""
    rng = np.random.default_rng(4)
    spread, count = 0.02, 30
    shape = rng.normal(size=count)
    logs = spread * (shape - shape.mean()) / shape.std(ddof=1)
    change = math.log(live.decide(logs.tolist(), (), 1.02).smallest)
    draws = change + spread * rng.normal(size=(400, 2, count))
    called = [live.decide(a, b, 1.02).kind == "regressed" for a, b in draws.tolist()]
    assert 0.91 < np.mean(called) < 0.99


def test_a_rule_may_loosen_it_or_keep_it_from_blocking():
    loose = GatePolicy(rule=(Rule(metric="latency_live", ratio=1.3),))
    assert verdict(1.10, second=1.10, policy=loose).kind == "unchanged"
    quiet = GatePolicy(rule=(Rule(metric="latency_live", blocks=False),))
    found = verdict(1.10, second=1.10, policy=quiet)
    assert (found.kind, found.blocks) == ("regressed", False)


@pytest.mark.parametrize("count", [0, 1])
def test_too_few_pairs_decide_nothing(count):
    found = verdict(1.5, count=count)
    assert (found.kind, found.blocks, found.low) == ("undecided", False, None)
    assert "fewer than two" in found.why


def test_a_studys_pairs_never_block():
    record = scripted.record(*scripted.pairs(1.2, 20), first=10, planted=0.2)
    assert not live.judge(record, POLICY, None).blocks


def test_signs_that_disagree_hold_a_regression_back(monkeypatch):
    monkeypatch.setattr(live, "sign_flip_p", lambda logs: 0.2)
    found = verdict(1.10, second=1.10)
    assert found.kind == "undecided"
    assert "p = 0.20" in found.why


@given(st.lists(st.floats(-0.2, 0.2), min_size=2, max_size=10), st.floats(1, 1.2))
def test_better_is_the_mirror_of_worse(values, bound):
    here, there = (live.decide(v, (), bound) for v in (values, [-x for x in values]))
    assert live.suspicious(values, bound) == (there.kind == "improved")
    if here.kind == "unchanged":
        assert there.kind == "unchanged"
    assert here.found.value == pytest.approx(1 / there.found.value)


def test_false_alarms_and_power_with_the_noise_of_this_machine():
    """With pairs that scatter by 2 %: nothing at no change, nearly all at 5 %."""
    pool = 0.02 * np.random.default_rng(1).normal(size=400)

    def called(change: float) -> float:
        kinds = [
            live.decide(first, second, 1.02).kind
            for first, second in (draw_gates(pool, 10, 200, seed=3) + math.log(change)).tolist()
        ]
        return kinds.count("regressed") / len(kinds)

    assert called(1.0) == 0
    assert called(1.06) > 0.95
