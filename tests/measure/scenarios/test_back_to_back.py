from types import SimpleNamespace

from bench.measure.scenarios import back_to_back
from bench.measure.scenarios.base import Loop
from bench.measure.stopping import Rule
from tests.scripted import MS, Clock, loop, protocol


def test_call_after_call_until_the_rule_ends_it():
    clock = Clock()
    made, calls = loop(clock, lambda n: n + 1, iterations=4)
    assert back_to_back.run(made, protocol()) is None
    assert calls == [0, 1, 2, 3]
    assert [row[:2] for row in made.rows[:2]] == [(0, MS), (MS, 3 * MS)]
    assert made.whole_ns == [MS, 2 * MS, 3 * MS, 4 * MS]
    assert made.rule.stopped == "iterations"


def test_readings_lie_between_the_calls_and_in_none():
    clock, order = Clock(), []

    def call(position):
        order.append("call")
        return clock.now, clock.take(5, clock.now + 5), *[0] * 6

    poller = SimpleNamespace(read=lambda: (order.append("read"), clock.take(1000)))
    made = Loop(call, Rule.of(protocol(iterations=3)), clock, poller)
    assert back_to_back.run(made, protocol()) is None
    assert order == ["read", "call"] * 3
    assert made.whole_ns == [5, 5, 5]
