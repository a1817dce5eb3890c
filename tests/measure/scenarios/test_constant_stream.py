import pytest

from bench.errors import BadInput
from bench.measure.scenarios.arrivals import constant_stream
from tests.scripted import MS, Clock, Load, loop, protocol


def run(took_ms, **more):
    clock = Clock()
    fields = {"scenario": "constant_stream", "rate": 100.0, "iterations": 4, **more}
    made, calls = loop(clock, took_ms, **fields)
    return constant_stream(made, protocol(**fields), load=Load), calls


def test_a_fast_system_takes_every_frame():
    stream, calls = run(lambda n: 4)
    assert calls == [0, 1, 2, 3]
    assert stream.due_ns == (0, 10 * MS, 20 * MS, 30 * MS)
    assert stream.done_ns == (4 * MS, 14 * MS, 24 * MS, 34 * MS)
    assert stream.deadline_ns == 10 * MS  # a frame's period


def test_a_slow_system_takes_the_newest_and_loses_those_between():
    stream, calls = run(lambda n: 25)
    # Free at 25, 50 and 75 ms: the frames due at 20, 50 and 70 ms are the newest.
    assert calls[:4] == [0, 2, 5, 7]
    assert stream.begun_ns[:6] == (0, None, 25 * MS, None, None, 50 * MS)
    assert stream.done_ns[:6] == (25 * MS, None, 50 * MS, None, None, 75 * MS)


def test_a_stall_loses_the_frames_of_its_time():
    stream, calls = run(lambda n: 95 if n == 1 else 1, iterations=3)
    # The second call lasts from 10 to 105 ms; the frame of 100 ms is the newest then.
    assert calls == [0, 1, 10]
    assert [b is None for b in stream.begun_ns] == [False, False, *[True] * 8, False]


def test_it_goes_on_as_long_as_the_rule_does():
    stream, calls = run(lambda n: 200, iterations=50)
    # One more than asked: the frame that was due when the rule ended it is done, not lost.
    assert len(calls) == 51
    assert len(stream.due_ns) == 1001
    assert stream.done_ns[-1] is not None


def test_the_deadline_and_the_rate_are_the_protocols():
    assert run(lambda n: 1, deadline_ms=50.0)[0].deadline_ns == 50 * MS
    with pytest.raises(BadInput, match="'constant_stream' needs a rate"):
        run(lambda n: 1, rate=None)
