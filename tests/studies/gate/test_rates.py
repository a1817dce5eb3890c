import numpy as np
import pytest

from bench.metrics.pairs import log_ratios
from tests.live import scripted
from tests.studies.gate import rates
from tests.studies.gate.rules import RULES, Rule

QUIET = scripted.pairs(1.0, 24)


@pytest.fixture
def few(monkeypatch):
    """A hundred draws instead of a thousand."""
    monkeypatch.setattr(rates, "DRAWS", 100)


def test_gates_without_a_change_stay_silent_and_speak_at_ten_percent():
    silent = rates.gates(log_ratios(QUIET), 6, 1.02)
    assert (silent.hits, silent.of) == (0, 1000)
    assert silent.low == 0
    assert silent.high == pytest.approx(1 - 0.025 ** (1 / 4), abs=1e-6)
    assert rates.gates(log_ratios(scripted.pairs(1.1, 24)), 6, 1.02).hits > 950


def test_intervals_hold_the_true_rate_in_nineteen_of_twenty_pools(few):
    """Pools of 40 normal pairs, gates of two looks at 10; with every pair counted as a gate of its own
    the interval holds it in half of them."""
    rng, bound, pairs = np.random.default_rng(5), 1.02, 10

    def gates(logs):
        return rates.gates(logs.tolist(), pairs, bound)

    endless = gates(rng.normal(0.035, 0.019, 20_000))
    true = endless.hits / endless.of
    assert 0.25 < true < 0.55
    held = narrow = 0
    for _ in range(60):
        found = gates(rng.normal(0.035, 0.019, 40))
        held += found.low <= true <= found.high
        tight = rates.shared(found.hits, found.of, 40)
        narrow += tight.low <= true <= tight.high
    assert held >= 57 > 45 > narrow


def test_the_second_look_takes_alarms_away():
    noisy = np.random.default_rng(0).normal(0.02, 0.02, 40)
    one, two = (rates.gates(noisy, 5, 1.0, looks=n) for n in (1, 2))
    assert one.hits > 1.5 * two.hits > 0


@pytest.mark.parametrize("rule", RULES, ids=lambda r: r.name)
def test_a_rule_calls_what_is_three_times_as_slow_and_seldom_equal_code(rule, few):
    slow = scripted.pairs(3.0, 24)
    assert rates.interleaved(rule, QUIET).hits < 40
    assert rates.interleaved(rule, slow).hits == 100
    assert rates.stored(rule, QUIET, QUIET).hits < 40
    found = rates.stored(rule, QUIET, slow)
    assert found.hits == 100
    assert found.low == pytest.approx(0.025 ** (1 / (24 // rule.processes)), abs=1e-6)


def test_a_stored_baseline_never_shares_a_pair_with_the_candidate(few):
    seen = []

    def slower(old, new):
        seen.append({float(s[0]) for s in old} & {float(s[0]) for s in new})
        return False

    same = tuple(
        p.model_copy(update={"baseline_ns": ((k + 1,),), "candidate_ns": ((k + 1,),)})
        for k, p in enumerate(QUIET)
    )
    rates.stored(Rule("x", 5, slower, ""), same, same)
    assert seen == [set()] * 100
    seen.clear()
    rates.interleaved(Rule("x", 5, slower, ""), same)
    assert all(len(s) == 5 for s in seen)


def test_a_pool_too_small_for_two_runs_is_an_error():
    with pytest.raises(ValueError, match="hold no two comparable runs"):
        rates.stored(Rule("x", 5, lambda old, new: False, ""), *[QUIET[:9]] * 2)
