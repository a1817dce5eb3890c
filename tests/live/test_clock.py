import pytest

from bench.live.clock import START_S, Clock, seconds
from bench.live.pair import Plan
from tests.builders import Planned, build_run


class Scripted:
    def __init__(self):
        self.s = 0.0

    def __call__(self):
        return self.s


@pytest.fixture
def clock():
    """A clock over two cases of which one takes twice the other's time, its lines and its watch."""
    now, lines = Scripted(), []
    made = Clock({"a": 10.0, "b": 20.0}, lines.append, now)
    made.plan("a", 2)
    made.plan("b", 2)
    return made, lines, now


def test_it_says_where_it_is_and_how_long_the_rest_takes(clock):
    made, lines, now = clock
    made.pair("a", 1, 2)
    now.s += 60  # six times the guess: the rest is scaled by that
    made.pair("a", 2, 2)
    now.s += 60
    made.pair("b", 1, 2)
    assert lines == [
        "[1/2] a: live pair 1 of 2",
        "[1/2] a: live pair 2 of 2, about 5 min left",
        "[2/2] b: live pair 1 of 2, about 4 min left",
    ]


def test_what_happens_between_pairs_is_not_counted_as_a_pair(clock):
    made, lines, now = clock
    made.pair("a", 1, 2)
    now.s += 60
    made.stop()
    now.s += 6000
    made.pair("b", 1, 2)
    assert lines[-1].endswith("about 5 min left")


def test_a_second_look_makes_the_rest_longer(clock):
    made, lines, now = clock
    made.pair("a", 1, 2)
    now.s += 60
    made.plan("a", 5)
    made.pair("a", 2, 6)
    assert lines[-1].endswith("live pair 2 of 6, about 9 min left")


def test_a_pair_is_guessed_by_its_rounds(tmp_path):
    quick, slow = Planned(latency_ms=100.0), Planned("onnx-onnxruntime-fp32", latency_ms=2000.0)
    run = build_run(tmp_path, (quick, slow), images=2)
    plan = Plan(rounds=10, fewest=4, side_s=4.0)
    assert seconds(run, quick.case.id, plan) == pytest.approx(START_S + 6 * 0.1 * 10, rel=0.1)
    assert seconds(run, slow.case.id, plan) == pytest.approx(START_S + 6 * 2.0 * 4, rel=0.1)
    assert seconds(run, "nobody", plan) == START_S
