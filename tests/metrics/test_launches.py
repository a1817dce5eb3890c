from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from bench.metrics import launches
from tests.metrics.simulated import ar1

POSITIVE = st.lists(st.floats(1e5, 1e11), min_size=3, max_size=20)


@given(POSITIVE)
def test_the_interval_is_students_over_the_logarithms(values):
    found = launches.over(values)
    logs = np.log(values)
    assert found.value == pytest.approx(stats.gmean(values))
    assert found.low <= found.value * (1 + 1e-12)
    assert found.high >= found.value * (1 - 1e-12)
    if logs.std() > 1e-6:
        low, high = stats.t.interval(0.95, len(logs) - 1, logs.mean(), stats.sem(logs))
        assert (found.low, found.high) == pytest.approx((math.exp(low), math.exp(high)))


def test_one_process_has_no_interval_and_two_a_wide_one():
    one, two = launches.over([1e7]), launches.over([1e7, 1.02e7])
    assert (one.value, one.low, one.high) == (pytest.approx(1e7), None, None)
    assert "launches = 5" in one.note
    assert two.high / two.low > 1.2
    assert "very wide" in two.note


def test_pairs_cancel_what_both_processes_share():
    hour = np.exp(np.random.default_rng(0).normal(0, 0.3, 6))
    own = np.exp(np.random.default_rng(1).normal(0, 0.01, 6))
    a, b = (dict(enumerate(v)) for v in (2e7 * hour * own, 1e7 * hour))
    ratio = launches.paired(a, b)
    assert 1.95 < ratio.low < ratio.value < ratio.high < 2.05
    assert launches.over(2e7 * hour * own).high > 2.2e7
    assert launches.paired(b, {i: 2 * v for i, v in b.items()}).value == pytest.approx(0.5)


def test_a_launch_that_one_lost_shifts_no_pair():
    hours = {0: 1e7, 1: 3e7, 2: 9e7, 3: 2e7}
    slow = {i: 2 * v for i, v in hours.items() if i != 1}
    ratio = launches.paired(slow, hours)
    assert (ratio.value, ratio.low, ratio.high) == (pytest.approx(2),) * 3
    assert ratio.note == "of 3 and 4 processes 3 make pairs"
    alone = launches.paired({0: 2e7}, {1: 1e7})
    assert (alone.value, alone.low) == (pytest.approx(2), None)
    assert "no interval" in alone.note


def test_nineteen_of_twenty_intervals_hold_the_median_of_all_processes():
    rng = np.random.default_rng(0)
    held = 0
    for _ in range(800):
        sets = np.exp(16 + rng.normal(0, 0.05, (4, 1)) + rng.normal(0, 0.03, (4, 30)))
        found = launches.over(np.median(sets, axis=1))
        held += found.low <= math.exp(16) <= found.high
    assert 0.93 <= held / 800 <= 0.97


def test_independent_samples_get_order_statistics_and_others_blocks():
    rng = np.random.default_rng(2)
    plain = (1e7 * np.exp(0.03 * rng.normal(size=200))).astype(int).tolist()
    bound = (1e7 * np.exp(0.03 * ar1(rng, 200, 0.8))).astype(int).tolist()
    a, b = launches.within(plain), launches.within(bound)
    assert a.low < a.value < a.high
    assert not a.note
    assert "block bootstrap" in b.note
    assert b.high - b.low > 1.5 * (a.high - a.low)
    assert launches.within([5, 6, 7]).note == "3 samples give the median no interval"


def test_block_intervals_hold_the_median_where_order_statistics_do_not():
    rng = np.random.default_rng(3)
    blocks = plain = 0
    for _ in range(150):
        samples = (1e7 * np.exp(0.03 * ar1(rng, 300, 0.7))).astype(int).tolist()
        found = launches.within(samples)
        low, high = launches.median_interval(samples)
        blocks += found.low <= 1e7 <= found.high
        plain += low <= 1e7 <= high
    assert plain / 150 < 0.75
    assert blocks / 150 > 0.85


def test_variances_are_those_that_were_planted():
    rng = np.random.default_rng(4)
    sets = [
        np.exp(16 + rng.normal(0, 0.05) + rng.normal(0, 0.02, 100)).astype(int).tolist()
        for _ in range(60)
    ]
    found = launches.variances(sets)
    assert found.within == pytest.approx(0.02, rel=0.1)
    assert found.between == pytest.approx(0.05, rel=0.25)
    # Kish: 100 / (1 + 99 * 0.05^2 / (0.05^2 + 0.02^2)).
    assert found.worth == pytest.approx(1.16, rel=0.05)


def test_processes_that_do_not_differ_are_worth_nearly_all_their_samples():
    rng = np.random.default_rng(5)
    sets = [np.exp(16 + rng.normal(0, 0.02, 100)).astype(int).tolist() for _ in range(60)]
    assert launches.variances(sets).worth > 40
    alone = launches.variances(sets[:1])
    assert (alone.between, alone.worth) == (None, None)


@given(st.lists(st.lists(st.integers(1, 10**12), min_size=1, max_size=30), min_size=2, max_size=6))
def test_a_process_is_worth_between_one_and_all_of_its_samples(sets):
    found = launches.variances(sets)
    assert 1 - 1e-9 <= found.worth <= found.samples + 1e-9
