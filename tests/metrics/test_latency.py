import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, norm

from bench.metrics import latency

SAMPLES = st.lists(st.integers(1, 10**12), min_size=1, max_size=200)
SHARES = (0.5, 0.9, 0.95, 0.99)


@given(SAMPLES)
def test_percentiles_lie_in_order_within_the_samples(samples):
    found = [latency.percentile(samples, s) for s in SHARES]
    values = [p.value_ns for p in found if p.value_ns is not None]
    assert values == sorted(values)
    assert all(min(samples) <= v <= max(samples) for v in values)
    assert all(p.value_ns <= p.bound_ns for p in found if p.value_ns is not None)
    assert [p.value_ns is None for p in found] == [bool(p.reason) for p in found]


def test_percentiles_are_interpolated():
    assert latency.percentile(list(range(401)), 0.99).value_ns == 396
    assert latency.percentile([10, 20] * 3, 0.5).value_ns == 15


@given(st.lists(st.integers(1, 10**9), min_size=299, max_size=400), st.sampled_from([0.5, 0.99]))
def test_percentiles_are_numpys(samples, share):
    found = latency.percentile(samples, share).value_ns
    assert found == pytest.approx(float(np.percentile(samples, 100 * share)))


def test_what_was_never_done_is_beyond_every_number():
    found = latency.percentile([1.0] * 290 + [math.inf] * 10, 0.99)
    assert (found.value_ns, found.bound_ns) == (math.inf, math.inf)
    assert latency.percentile([1.0] * 290 + [math.inf] * 10, 0.5).value_ns == 1


@pytest.mark.parametrize(("share", "needed"), [(0.5, 5), (0.9, 29), (0.95, 59), (0.99, 299)])
def test_a_percentile_without_enough_samples_is_none_and_says_how_many(share, needed):
    enough = latency.percentile([1] * needed, share)
    assert (enough.needed, enough.reason, enough.value_ns) == (needed, "", 1)
    few = latency.percentile([1] * (needed - 1), share)
    assert (few.value_ns, few.bound_ns) == (None, None)
    assert few.reason == f"{needed - 1} samples; p{100 * share:g} needs {needed}"


@given(st.integers(1, 2000), st.sampled_from(SHARES))
def test_bounds_are_the_smallest_rank_that_reaches_the_level(samples, share):
    k = latency.bound_rank(samples, share)
    if k is None:
        assert 1 - share**samples < 0.95
        assert samples < latency.needed(share)
    else:
        assert binom.cdf(k - 1, samples, share) >= 0.95
        assert k == 1 or binom.cdf(k - 2, samples, share) < 0.95


def test_nineteen_of_twenty_bounds_lie_above_the_percentile():
    rng = np.random.default_rng(2)
    true, held = math.exp(15 + 0.3 * norm.ppf(0.99)), 0
    for _ in range(1000):
        samples = rng.lognormal(15, 0.3, 500)
        held += latency.percentile(samples.tolist(), 0.99).bound_ns >= true
    assert 0.94 <= held / 1000 <= 0.985


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
