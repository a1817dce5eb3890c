import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from bench.metrics import latency

SAMPLES = st.lists(st.integers(1, 10**12), min_size=1, max_size=200)


@given(SAMPLES)
def test_percentiles_lie_in_order_within_the_samples(samples):
    values = [latency.percentile(samples, s).value_ns for s in (0.5, 0.9, 0.95, 0.99)]
    assert values == sorted(values)
    assert min(samples) <= values[0] <= values[-1] <= max(samples)


def test_percentiles_are_interpolated():
    assert latency.percentile(list(range(101)), 0.99).value_ns == 99
    assert latency.percentile([10, 20], 0.5).value_ns == 15


@pytest.mark.parametrize(("share", "needed"), [(0.5, 2), (0.9, 10), (0.95, 20), (0.99, 100)])
def test_too_few_samples_are_said(share, needed):
    enough = latency.percentile([1] * needed, share)
    assert (enough.needed, enough.note) == (needed, "")
    note = latency.percentile([1] * (needed - 1), share).note
    assert f"only {needed - 1} samples, {needed} are needed" in note


def test_throughput_counts_all_of_the_time():
    # Nine calls of 10 ms and one of 110 ms: 20 images in 200 ms.
    assert latency.throughput([10_000_000] * 9 + [110_000_000], 2) == pytest.approx(100)


@given(st.integers(1, 400), st.sampled_from([0.95, 0.975]))
def test_ranks_are_the_largest_that_reach_the_level(samples, level):
    tail = (1 - level) / 2
    k = latency.rank(samples, level)
    if k is None:
        assert binom.cdf(0, samples, 0.5) > tail
    else:
        assert binom.cdf(k - 1, samples, 0.5) <= tail < binom.cdf(k, samples, 0.5)


def test_five_samples_give_no_interval_and_six_give_all_of_them():
    assert latency.median_interval([1, 2, 3, 4, 5]) == (None, None)
    assert latency.median_interval([6, 2, 3, 1, 5, 4]) == (1, 6)
    assert latency.median_ratio([1] * 5, [2] * 50) == (0.5, None, None)


def test_nineteen_of_twenty_intervals_hold_the_median():
    rng = np.random.default_rng(0)
    held = 0
    for _ in range(2000):
        low, high = latency.median_interval(rng.lognormal(15, 0.3, 30).astype(int).tolist())
        held += low <= math.exp(15) <= high
    assert 0.945 <= held / 2000 <= 0.98


def test_the_ratio_of_equal_samples_encloses_one():
    rng = np.random.default_rng(1)
    a, b = (rng.lognormal(15, 0.05, 60).astype(int).tolist() for _ in range(2))
    value, low, high = latency.median_ratio(a, b)
    assert low < 1 < high
    twice, *ends = latency.median_ratio([2 * x for x in a], b)
    assert twice == pytest.approx(2 * value)
    assert ends == pytest.approx([2 * low, 2 * high])
