from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import ttest_ind

from bench.gate.launches import ratio, relative
from bench.record.timing import Launch, TimingMeasurement
from tests.gate.planted import launched, samples

seeds = st.integers(0, 2**31)
counts = st.integers(2, 6)


@settings(max_examples=50, deadline=None)
@given(seeds, seeds, counts, counts)
def test_over_processes_it_is_the_two_sample_t_interval(a, b, n, m):
    now, was = launched(20, a, n), launched(20, b, m)
    found = ratio(now, was)
    logs = [
        [math.log(float(np.median(x.end_to_end_ns))) for x in side.launches] for side in (now, was)
    ]
    known = ttest_ind(*logs).confidence_interval(0.95)
    assert math.isclose(found.low, math.exp(known.low), rel_tol=1e-9)
    assert math.isclose(found.high, math.exp(known.high), rel_tol=1e-9)
    assert found.note == f"{n} processes against {m}"


@settings(max_examples=50, deadline=None)
@given(seeds, seeds, st.integers(1, 4), st.integers(1, 4))
def test_exchanging_the_sides_inverts_the_interval(a, b, n, m):
    one, two = launched(20, a, n), launched(30, b, m)
    there, back = ratio(one, two), ratio(two, one)
    assert math.isclose(there.value, 1 / back.value)
    assert math.isclose(there.low, 1 / back.high)
    assert math.isclose(there.high, 1 / back.low)
    assert there.low <= there.value <= there.high


def test_one_process_says_that_it_is_one():
    found = ratio(launched(20, 1, 3), samples(20, 2))
    assert "within single processes" in found.note
    wide, narrow = found, ratio(samples(20, 3), samples(20, 2))
    assert wide.high / wide.low > narrow.high / narrow.low, "processes that differ widen it"


def test_processes_that_agree_within_and_not_between_are_not_pooled():
    quiet = [tuple(range(level, level + 30)) for level in (10**6, 2 * 10**6, 3 * 10**6)]
    made = TimingMeasurement(launches=tuple(Launch(end_to_end_ns=ns) for ns in quiet))
    found = ratio(made, made)
    assert found.high > 2, "90 samples, and yet three numbers"


def test_too_few_samples_give_no_interval():
    assert ratio(samples(20, 1, 3), samples(20, 2, 3)).low is None


@settings(max_examples=50, deadline=None)
@given(seeds, st.floats(0.2, 5), st.integers(1, 4))
def test_a_faster_machine_leaves_the_ratio_to_the_reference_alone(seed, speed, n):
    new, reference = launched(20, seed, n), launched(40, seed + 1, n)
    faster = [
        TimingMeasurement(
            launches=tuple(
                Launch(end_to_end_ns=tuple(int(ns * speed) for ns in x.end_to_end_ns))
                for x in side.launches
            )
        )
        for side in (new, reference)
    ]
    found = relative((new, reference), tuple(faster))
    assert math.isclose(found.value, 1, rel_tol=1e-6)
    assert found.low <= found.value <= found.high


def test_launches_are_held_against_the_references_of_the_same_number():
    levels = (10.0, 20.0, 40.0)
    new = TimingMeasurement(launches=tuple(samples(x, 1).launches[0] for x in levels))
    reference = TimingMeasurement(launches=tuple(samples(2 * x, 1).launches[0] for x in levels))
    found = relative((new, reference), (new, reference))
    assert found.high / found.low < 1.001, "what slowed both of a pair cancels"
    fewer = TimingMeasurement(launches=reference.launches[:2])
    assert relative((new, fewer), (new, fewer)).note == "2 processes against 2"
    # A launch that one side lost shifts no pair.
    kept = tuple(x.model_copy(update={"number": i}) for i, x in enumerate(new.launches))
    lost = TimingMeasurement(launches=(kept[0], kept[2]))
    found = relative((lost, reference), (new, reference))
    assert found.high / found.low < 1.001
    assert found.value == pytest.approx(1)
    alone = TimingMeasurement(launches=new.launches[:1])
    assert "single processes" in relative((alone, reference), (new, reference)).note
