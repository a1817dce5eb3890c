import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.jobs.measure import PairJob
from bench.live import pair
from bench.live.prepared import ready
from bench.live.side import Start
from bench.metrics.pairs import log_ratio
from tests import small
from tests.live.scripted import MS, Scripted

QUICK = pair.Plan(still_s=0.0)


def turns(old, new, plan=QUICK, seed="0", **more):
    return pair.take_turns(old, new, pair.order(seed), plan, **more)


def constant(ns):
    return lambda: ns


@given(st.integers(1, 99), st.integers(1, 99))
def test_the_ratio_is_that_of_the_script(old, new):
    found = turns(Scripted(constant(old)), Scripted(constant(new)))
    assert log_ratio(found) == pytest.approx(math.log(new / old))
    assert len(found.order) == len(found.baseline_ns) + len(found.candidate_ns)


@given(st.text(max_size=5))
def test_both_run_one_burst_in_each_round_in_random_order(seed):
    log: list[str] = []
    found = turns(Scripted(constant(1), log, "B"), Scripted(constant(1), log, "C"), seed=seed)
    assert log[:2] == ["B ready", "C ready"]
    assert "".join(log[2:-2]) == found.order
    rounds = [found.order[k : k + 2] for k in range(0, len(found.order), 2)]
    assert {"".join(sorted(r)) for r in rounds} == {"BC"}


def test_the_order_is_drawn_and_repeats_with_its_seed():
    def order(seed):
        return turns(Scripted(constant(1)), Scripted(constant(1)), seed=seed).order

    assert order("a") == order("a")
    assert len({order(str(i)) for i in range(9)}) > 5


def test_every_sample_is_kept():
    numbers = itertools.count(1)
    found = turns(Scripted(lambda: next(numbers)), Scripted(constant(5)))
    assert [x for burst in found.baseline_ns for x in burst] == list(
        range(1, 3 * pair.Plan().rounds + 1)
    )
    assert all(len(burst) == pair.BURST for burst in found.candidate_ns)


def test_slow_sides_run_fewer_rounds():
    found = turns(Scripted(constant(1)), Scripted(constant(1)), pair.Plan(still_s=0, side_s=0))
    assert len(found.baseline_ns) == pair.Plan().fewest


def test_a_load_that_moves_both_cancels():
    """The machine gets slower with every call; both sides meet it alike."""
    clock = itertools.count(1000)
    found = turns(
        Scripted(lambda: next(clock) * MS), Scripted(lambda: round(1.05 * next(clock) * MS))
    )
    assert log_ratio(found) == pytest.approx(math.log(1.05), abs=0.02)


def test_what_others_used_is_what_the_sides_did_not(monkeypatch):
    """Every look at the clock takes a second; the whole machine is busy with one processor more."""
    now = [0.0]

    def clock():
        now[0] += 1
        return now[0]

    monkeypatch.setattr(pair.time, "monotonic", clock)
    sides = Scripted(constant(MS)), Scripted(constant(MS))
    plan = pair.Plan(still_s=0.0, side_s=1000, most=12)
    found = turns(*sides, plan, busy=lambda: now[0] + sum(s.cpu for s in sides))
    assert len(found.foreign) == len(found.order) == 24
    assert found.foreign_cpu > 0.9
    unread = turns(Scripted(constant(1)), Scripted(constant(1)))
    assert (unread.foreign, unread.foreign_cpu) == ((), None)


@pytest.mark.parametrize(("quiet", "rounds"), [(100, 7), (5, 18), (4, 18), (0, 18)])
def test_a_pair_goes_on_until_enough_rounds_were_quiet(quiet, rounds):
    """`quiet` rounds without other load, then nothing but load; the samples don't matter."""
    log: list[str] = []
    sides = Scripted(constant(1), log, "B"), Scripted(constant(1), log, "C")
    used = [0.0]

    def busy():
        used[0] += 0 if len(log) - 2 <= 2 * quiet and quiet else 5
        return used[0]

    plan = pair.Plan(still_s=0.0, rounds=7, quiet=6, most=18)
    assert len(turns(*sides, plan, busy=busy).baseline_ns) == rounds


def test_it_waits_until_both_rest():
    class Spinning(Scripted):
        looks = 0

        def cpu_s(self):
            Spinning.looks += 1
            return min(Spinning.looks, 5) * 0.01

    pair.rest([Spinning(constant(1))], 5.0)
    assert Spinning.looks == 6


def test_it_waits_no_longer_than_told():
    clock = itertools.count()

    class Busy(Scripted):
        def cpu_s(self):
            return float(next(clock))

    pair.rest([Busy(constant(1))], 0.02)
    assert next(clock) < 9


@pytest.fixture(scope="module")
def job(tmp_path_factory, cache) -> PairJob:
    """Job of a tiny ONNX model."""
    home = tmp_path_factory.mktemp("pair")
    of = small.model(small.conv_graph(home / "conv.onnx"))
    data = small.folder(small.pictures(home / "pictures"))
    (case,) = small.suite(small.block(of, data)).expand()
    return ready(case, cache, lambda line: None)


def test_two_real_processes_take_turns_and_a_planted_slow_down_shows(job, tmp_path):
    slower = Start(job.model_copy(update={"planted": 1.0}))
    found = pair.live(Start(job), slower, tmp_path, pair.order("0"))
    assert {len(b) for b in (*found.baseline_ns, *found.candidate_ns)} == {3}
    assert 10 <= len(found.baseline_ns) == len(found.candidate_ns) <= 24
    assert 1.4 < math.exp(log_ratio(found)) < 2.9
    assert sorted(p.name for p in tmp_path.iterdir()) == ["baseline.log", "candidate.log"]
