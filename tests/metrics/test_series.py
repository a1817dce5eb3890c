from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from bench.metrics import series
from tests.metrics.simulated import ar1

VALUES = st.lists(st.integers(1, 50), min_size=2, max_size=60).map(lambda v: np.array(v, float))


@given(VALUES)
def test_ranks_are_scipys(values):
    assert series.ranks(values) == pytest.approx(stats.rankdata(values))


def test_correlation_is_spearmans_and_none_for_a_constant():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=50), rng.normal(size=50)
    assert series.correlation(a, b) == pytest.approx(stats.spearmanr(a, b).statistic)
    assert series.correlation(a, np.ones(50)) is None


@given(st.floats(-1, 1), st.integers(12, 200))
def test_the_change_of_a_line_is_its_rise_whatever_one_sample_does(rise, n):
    line = np.linspace(0, rise, n)
    assert series.change(line) == pytest.approx(rise, abs=1e-9)
    line[n // 2] += 100
    assert series.change(line) == pytest.approx(rise, abs=0.15)


@pytest.mark.parametrize("r", [0.0, 0.3, 0.7])
def test_serial_correlation_is_the_planted_one_and_a_trend_is_none(r):
    rng = np.random.default_rng(1)
    found = [series.serial(ar1(rng, 400, r) + np.linspace(0, 8, 400)) for _ in range(20)]
    assert np.mean(found) == pytest.approx(r, abs=0.05)


def test_independent_samples_count_fully_and_others_less():
    rng = np.random.default_rng(2)
    plain = np.mean([series.independent(ar1(rng, 400, 0.0)) for _ in range(20)])
    bound = np.mean([series.independent(ar1(rng, 400, 0.6)) for _ in range(20)])
    assert plain > 350
    assert bound == pytest.approx(400 * 0.4 / 1.6, rel=0.3)


def test_blocks_grow_with_memory():
    rng = np.random.default_rng(3)
    lengths = [
        np.mean([series.block_length(ar1(rng, 400, r)) for _ in range(20)]) for r in (0.0, 0.5, 0.9)
    ]
    assert lengths[0] < lengths[1] < lengths[2]
    assert series.block_length(np.ones(50)) == 1


def test_the_same_samples_give_the_same_interval_within_them():
    values = np.random.default_rng(4).normal(size=60)
    low, high = series.block_interval(values, 5)
    assert values.min() <= low < high <= values.max()
    assert (low, high) == series.block_interval(values, 5)
