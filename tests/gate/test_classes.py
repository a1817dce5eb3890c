from __future__ import annotations

import math

import numpy as np
from scipy.stats import t

from bench.gate.classes import class_verdicts, widening
from bench.gate.judge import judge
from bench.gate.pair import Pair
from bench.metrics.base import Row
from bench.metrics.estimate import Estimate
from bench.suite.policy import GatePolicy
from tests.builders import ROWS, build_run, result
from tests.gate import planted
from tests.gate.planted import verdict

NAMES = ("road", "bus", "train")


def verdicts(*intervals, policy=None):
    row = Row(result())
    pair = Pair(row, row, None, None, policy or GatePolicy())
    both = [dict.fromkeys(NAMES, 0.5)] * 2
    differences = dict(zip(NAMES, intervals, strict=True))
    return class_verdicts(pair, differences, 20, both)


def interval(value, half):
    return Estimate(value, value - half, value + half)


def test_widening_is_bonferronis():
    assert widening(1, 20) == 1
    factor = widening(19, 20)
    assert math.isclose(factor, t.ppf(1 - 0.025 / 19, 19) / t.ppf(0.975, 19))


def test_nineteen_classes_without_a_change_seldom_leave_zero_out_together():
    # 2000 sets of 19 independent estimates: one alarm among 19 in at most about 5 % of the sets.
    rng = np.random.default_rng(0)
    draws = rng.normal(size=(2000, 19, 20))
    error = draws.std(axis=2, ddof=1) / math.sqrt(20)
    beyond = np.abs(draws.mean(axis=2)) / error
    plain, wide = t.ppf(0.975, 19), widening(19, 20) * t.ppf(0.975, 19)
    assert (beyond > plain).any(axis=1).mean() > 0.5
    assert (beyond > wide).any(axis=1).mean() < 0.07


def test_kinds_follow_the_wide_interval():
    factor = widening(3, 20)
    found = verdicts(interval(-0.2, 0.1), interval(-0.2, 0.149), interval(-0.01, 0.01))
    assert [v.kind for v in found] == ["regressed", "undecided", "unchanged"]
    assert [v.blocks for v in found] == [True, False, False]
    assert math.isclose(found[0].high, -0.2 + 0.1 * factor)
    assert found[1].smallest > 0.05 + 0.149 * factor
    assert found[0].smallest is None


def test_what_has_no_interval_is_undecided_and_doesnt_count():
    alone = Estimate(-0.3, None, None, "what stands in one image only gives no interval")
    absent = Estimate(math.nan, None, None)
    found = verdicts(alone, absent, interval(-0.2, 0.1))
    assert [(v.metric, v.kind) for v in found] == [
        ("iou.road", "undecided"),
        ("iou.train", "regressed"),
    ]
    assert math.isclose(found[1].high, -0.1), "one interval needs no widening"


def test_a_class_that_is_lost_closes_the_gate_while_the_mean_stays(tmp_path):
    old = build_run(tmp_path / "old", ROWS[:1], images=24)
    run = build_run(tmp_path / "new", ROWS[:1], images=24)
    found = judge(planted.blinded(run, "torch-fp32", "bus", 0.6), old)
    bus, road = (verdict(found, "torch-fp32", f"iou.{c}") for c in ("bus", "road"))
    assert (bus.kind, bus.blocks) == ("regressed", True)
    assert bus.high < -0.05
    assert bus.current < bus.baseline
    assert "all 19 classes together" in bus.why
    assert not road.blocks
    assert {v.metric for v in found.blocking} <= {"miou", "iou.bus"}
