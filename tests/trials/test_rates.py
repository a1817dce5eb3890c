import numpy as np
import pytest

from bench.metrics.pairs import log_ratios
from bench.trials import rates
from bench.trials.rules import RULES, Rule
from tests.trials import scripted

QUIET = scripted.pairs(1.0, 24)


@pytest.fixture
def few(monkeypatch):
    """A hundred draws instead of a thousand."""
    monkeypatch.setattr(rates, "DRAWS", 100)


def test_gates_without_a_change_stay_silent_and_speak_at_ten_percent():
    silent = rates.gates(log_ratios(QUIET), 6, 1.02)
    assert (silent.hits, silent.of) == (0, 1000)
    assert silent.low == 0
    assert silent.high == pytest.approx(1 - 0.025 ** (1 / 2), abs=1e-6)
    assert rates.gates(log_ratios(scripted.pairs(1.1, 24)), 6, 1.02).hits > 950


def test_a_gate_of_two_looks_draws_twice_its_pairs():
    assert (rates.separate(120, 8), rates.separate(120, 8, looks=1)) == (7, 15)
    one, two = (rates.gates(log_ratios(QUIET), 6, 1.02, looks=n).high for n in (1, 2))
    assert one < two, "two looks leave fewer separate gates"


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
