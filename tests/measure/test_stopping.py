import numpy as np
import pytest

from bench.measure.stopping import LIMIT_S, Rule, inefficiency, width
from bench.metrics.latency import median_interval
from tests.scripted import protocol

S = 10**9


def lognormal(rng, n, spread=0.05):
    return 1e7 * np.exp(rng.normal(0, spread, n))


def autoregressive(rng, n, rho, spread=0.05):
    noise = rng.normal(0, spread * np.sqrt(1 - rho**2), n)
    x = np.empty(n)
    x[0] = rng.normal(0, spread)
    for i in range(1, n):
        x[i] = rho * x[i - 1] + noise[i]
    return 1e7 * np.exp(x)


def test_independent_samples_have_the_order_statistics_interval():
    samples = [10, 12, 11, 14, 9, 13, 12, 10, 15, 11, 9, 14]
    assert inefficiency(np.array(samples, float)) == 1
    low, high = median_interval(samples)
    assert width(samples) == pytest.approx((high - low) / np.median(samples))


def test_too_few_samples_have_no_width():
    assert width([]) is None
    assert width([10, 11, 12, 10, 11]) is None
    assert width([10] * 6) == 0


def test_autocorrelated_samples_are_worth_less():
    rng = np.random.default_rng(1)
    found = [inefficiency(autoregressive(rng, 4000, 0.8)) for _ in range(20)]
    # Signs of a Gaussian series correlate by 2/pi arcsin(rho^k).
    truth = 1 + 2 * sum(2 / np.pi * np.arcsin(0.8**k) for k in range(1, 200))
    assert np.median(found) == pytest.approx(truth, rel=0.15)
    assert np.median([inefficiency(lognormal(rng, 4000)) for _ in range(20)]) < 1.2


@pytest.mark.parametrize("rho", [0.0, 0.8])
def test_the_width_is_that_of_an_interval_that_holds_the_median(rho):
    """Half of the width, on both sides of the true median, covers the estimate in 95 % of runs."""
    rng = np.random.default_rng(2)
    runs = 400
    series = [autoregressive(rng, 200, rho) for _ in range(runs)]
    inside = [abs(np.median(s) / 1e7 - 1) <= width(s) / 2 for s in series]
    assert np.mean(inside) > 0.88


def feed(rule, samples, step=10**7):
    """Number of samples after which the rule ends it."""
    n = 0
    while not rule.over(samples[:n], n * step):
        n += 1
    return n


def test_it_ends_when_the_interval_is_narrow():
    rng = np.random.default_rng(0)
    rule = Rule.of(protocol(iterations=10, median_width=0.02))
    samples = lognormal(rng, 2000)
    n = feed(rule, samples)
    assert rule.stopped == "precise"
    assert 10 <= n < 2000
    assert width(samples[:n]) <= 0.02
    assert rule.over([], 0)  # it stays so


def test_never_before_the_fewest_iterations():
    rule = Rule.of(protocol(iterations=30, median_width=0.5))
    assert feed(rule, [10] * 100) == 30
    assert rule.stopped == "precise"


def test_the_most_iterations_end_it():
    rng = np.random.default_rng(0)
    rule = Rule.of(protocol(iterations=10, max_iterations=50, median_width=0.0001))
    assert feed(rule, lognormal(rng, 100)) == 50
    assert rule.stopped == "iterations"


def test_without_a_width_the_iterations_are_enough():
    rule = Rule.of(protocol(iterations=7, max_iterations=3, median_width=None))
    assert feed(rule, [10] * 10) == 7
    assert rule.stopped == "iterations"


def test_the_time_ends_it():
    rng = np.random.default_rng(0)
    given = Rule.of(protocol(iterations=30, median_width=0.0001, timing_limit_s=0.055))
    assert feed(given, lognormal(rng, 100)) == 6
    assert given.stopped == "time limit"
    # Without a given limit the iterations are always done, however long they take.
    rule = Rule.of(protocol(iterations=30, median_width=0.0001))
    assert feed(rule, lognormal(rng, 100), step=int(LIMIT_S * S)) == 30
    assert rule.stopped == "time limit"


def test_a_given_limit_keeps_one_sample():
    rule = Rule.of(protocol(iterations=30, timing_limit_s=1e-9))
    assert feed(rule, [10] * 5) == 1


def test_a_limit_that_comes_with_the_last_iteration_stopped_nothing():
    rule = Rule.of(protocol(iterations=2, median_width=None, timing_limit_s=0.01))
    assert not rule.over([10], 9_000_000)
    assert rule.over([10, 10], 20_000_000)
    assert rule.stopped == "iterations"


def test_the_interval_is_looked_at_now_and_then_only(monkeypatch):
    looks = []
    monkeypatch.setattr("bench.measure.stopping.width", lambda s: looks.append(len(s)))
    feed(Rule.of(protocol(iterations=30, max_iterations=100, median_width=0.02)), [10] * 200)
    assert looks == [30, 35, 40, 45, 50, 55, 60, 66, 72, 79, 86, 94, 100]
