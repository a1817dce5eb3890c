import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from bench.metrics import pairs
from bench.record.pairs import ProcessPair
from tests.live import scripted

logs = st.lists(st.floats(-0.5, 0.5), min_size=2, max_size=12)


def swapped(pair: ProcessPair) -> ProcessPair:
    return pair.model_copy(
        update={"baseline_ns": pair.candidate_ns, "candidate_ns": pair.baseline_ns}
    )


@given(st.integers(0, 999), st.floats(0.5, 2))
def test_swapping_the_sides_inverts_the_ratio(seed, ratio):
    pair = scripted.pair(ratio, seed, noise=0.1)
    assert pairs.log_ratio(swapped(pair)) == pytest.approx(-pairs.log_ratio(pair), abs=1e-12)


@given(st.integers(0, 99), st.floats(1, 1.5))
def test_a_planted_ratio_is_found(seed, ratio):
    same, slower = (scripted.pair(r, seed, noise=0.05) for r in (1.0, ratio))
    assert pairs.log_ratio(slower) - pairs.log_ratio(same) == pytest.approx(
        math.log(ratio), abs=1e-6
    )


def test_a_spell_that_covers_rounds_cancels():
    """Half of the rounds take twice as long on both sides; whole medians would jump."""
    calm = scripted.pair(1.05, rounds=9)
    slow = tuple(k % 2 for k in range(9))

    def held(side):
        return tuple(
            tuple(ns * (1 + s) for ns in burst) for burst, s in zip(side, slow, strict=True)
        )

    pair = calm.model_copy(
        update={"baseline_ns": held(calm.baseline_ns), "candidate_ns": held(calm.candidate_ns)}
    )
    assert math.exp(pairs.log_ratio(pair)) == pytest.approx(1.05, rel=1e-3)


@given(logs)
def test_the_interval_is_that_of_scipy(values):
    found = pairs.interval(values)
    spread = np.std(values, ddof=1)
    if spread > 1e-9:
        low, high = stats.t.interval(
            0.95, len(values) - 1, np.mean(values), spread / math.sqrt(len(values))
        )
        assert (found.low, found.high) == pytest.approx((math.exp(low), math.exp(high)))
    assert found.low <= found.value * (1 + 1e-12)
    assert found.value <= found.high * (1 + 1e-12)


def test_one_pair_has_no_interval():
    found = pairs.interval([0.1])
    assert (found.low, found.high) == (None, None)
    assert pairs.smallest_change([0.1]) == math.inf


@given(st.lists(st.floats(-0.5, 0.5), min_size=6, max_size=9))
def test_the_sign_flip_test_is_that_of_scipy(values):
    found = stats.permutation_test(
        (np.array(values),), np.mean, permutation_type="samples", n_resamples=np.inf
    )
    assert pairs.sign_flip_p(values) == pytest.approx(found.pvalue)


def test_the_sign_flip_test_begins_with_six_pairs_and_samples_beyond_sixteen():
    assert pairs.sign_flip_p([0.1] * 5) is None
    assert pairs.sign_flip_p([0.1] * 6) == 2 / 2**6
    assert pairs.sign_flip_p([0.1] * 20) < 0.001


def test_the_smallest_change_is_what_a_simulation_finds():
    """At 80 % power: of gates that slower code passes, four in five lie beyond the threshold."""
    rng = np.random.default_rng(0)
    draws = 0.02 * rng.normal(size=(4000, 10))
    slower = np.median([pairs.smallest_change(d, 1.02) for d in draws[:400]])
    seen = (pairs.low_ends(draws + math.log(slower)) > 1.02).mean()
    assert 0.72 < seen < 0.86


def test_low_ends_are_the_intervals():
    draws = 0.02 * np.random.default_rng(0).normal(size=(3, 2, 5))
    ends = pairs.low_ends(draws)
    assert ends.shape == (3, 2)
    assert ends[1, 1] == pytest.approx(pairs.interval(draws[1, 1]).low)


def test_drawn_gates_repeat_no_pair():
    drawn = pairs.draw_gates(np.arange(20) / 100, 5, 50, seed=0)
    assert drawn.shape == (50, 2, 5)
    assert all(len(set(gate.ravel())) == 10 for gate in drawn)
    with pytest.raises(ValueError, match="9 pairs are fewer than two looks at 5"):
        pairs.draw_gates([0.0] * 9, 5, 1, seed=0)


@given(st.integers(0, 40), st.integers(1, 40))
def test_clopper_pearson_is_scipys(hits, more):
    of = hits + more
    found = stats.binomtest(hits, of).proportion_ci(method="exact")
    assert pairs.clopper_pearson(hits, of) == pytest.approx((found.low, found.high), abs=1e-9)


def test_clopper_pearson_knows_its_ends():
    assert pairs.clopper_pearson(0, 0) == (0.0, 1.0)
    assert pairs.clopper_pearson(0, 4)[0] == 0
    assert pairs.clopper_pearson(4, 4)[1] == 1
    low, high = pairs.clopper_pearson(0.4, 4)
    assert 0 < low < 0.1 < high < 1


def loud(pair: ProcessPair, *foreign: float) -> ProcessPair:
    """The pair with what other processes used in each round's two bursts."""
    return pair.model_copy(update={"foreign": tuple(x for f in foreign for x in (0.01, f))})


@pytest.mark.parametrize(
    ("foreign", "rounds"),
    [
        ((0.1, 0.9, 0.0, 0.1, 0.9, 0.1), [0, 2, 3, 5]),
        ((0.1, 0.9, 0.3, 0.5, 0.9, 0.1), [0, 2, 5]),
        ((1.0,) * 6, [0, 1, 2, 3, 4, 5]),
        ((), [0, 1, 2, 3, 4, 5]),
    ],
)
def test_rounds_count_by_what_others_used(foreign, rounds):
    assert pairs.quiet_rounds(loud(scripted.pair(rounds=6), *foreign)) == rounds


def test_a_load_on_one_side_alone_is_seen_by_its_processor_time():
    """Other work hit three of the candidate's seven bursts; a copy without readings shows it."""
    pair = scripted.pair(1.0, rounds=7)
    hit = tuple(
        tuple(3 * ns for ns in burst) if r % 2 else burst
        for r, burst in enumerate(pair.candidate_ns)
    )
    pair = pair.model_copy(update={"candidate_ns": hit})
    assert pairs.log_ratio(loud(pair, *(r % 2 for r in range(7)))) == 0


@given(st.lists(st.floats(0, 2), min_size=10, max_size=10), st.integers(0, 99))
def test_the_choice_of_rounds_favours_no_side(foreign, seed):
    pair = loud(scripted.pair(1.1, seed, noise=0.1), *foreign)
    assert pairs.log_ratio(swapped(pair)) == pytest.approx(-pairs.log_ratio(pair), abs=1e-12)
    assert len(pairs.quiet_rounds(pair)) >= pairs.ENOUGH
