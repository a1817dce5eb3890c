from types import SimpleNamespace

import numpy as np
import pytest

from bench.errors import BadInput
from bench.measure.scenarios.arrivals import PATIENCE_NS, constant_stream, poisson, server
from tests.scripted import MS, Clock, Load, loop, protocol


def run(took_ms, clock=None, **more):
    clock = clock or Clock()
    fields = {"scenario": "server", "rate": 100.0, "iterations": 40, **more}
    made, _ = loop(clock, took_ms, **fields)
    return server(made, protocol(**fields), load=Load), made


def latencies(stream):
    return np.array(stream.done_ns, float) - np.array(stream.due_ns)


def test_arrivals_are_poisson_and_come_from_the_seed():
    due = np.array(poisson(50.0, 4000, seed=3))
    gaps = np.diff(due) / 1e9
    assert due[0] == 0
    assert gaps.min() >= 0
    # Exponential: the mean is the standard deviation, 1 / rate.
    assert gaps.mean() == pytest.approx(1 / 50, rel=0.06)
    assert gaps.std() == pytest.approx(1 / 50, rel=0.06)
    assert poisson(50.0, 9, 3) == tuple(due[:9])
    assert poisson(50.0, 9, 4) != tuple(due[:9])


def test_first_come_first_served():
    stream, made = run(lambda n: 4)
    begun, done = np.array(stream.begun_ns), np.array(stream.done_ns)
    due = np.array(stream.due_ns)
    # Lindley's recursion: each begins when it is due, or when the one before is done.
    assert begun[0] == due[0]
    assert (begun[1:] == np.maximum(due[1:], done[:-1])).all()
    assert made.rule.stopped == "iterations"
    assert (stream.rate_hz, stream.deadline_ns) == (100.0, None)


def test_a_stall_is_charged_to_all_that_waited_behind_it():
    """No coordinated omission: a load that waited for the system would show one slow call."""
    plain, _ = run(lambda n: 1)
    stalled, _ = run(lambda n: 500 if n == 10 else 1)
    assert stalled.due_ns == plain.due_ns
    more = latencies(stalled) - latencies(plain)
    assert (more[:10] == 0).all()
    held = (np.array(stalled.due_ns) > stalled.due_ns[10]) & (
        np.array(stalled.due_ns) < stalled.begun_ns[10] + 500 * MS
    )
    assert held.sum() > 20
    # Each arrival during the stall waited at least until its end.
    end = stalled.done_ns[10]
    waits = latencies(stalled)[held]
    assert (waits >= end - np.array(stalled.due_ns)[held]).all()
    assert np.median(latencies(stalled)) > 100 * np.median(latencies(plain))


def test_what_a_full_queue_never_gave_back_is_recorded_as_not_done():
    clock = Clock()
    stream, made = run(
        lambda n: 100, clock, rate=100.0, iterations=10_000, timing_limit_s=2.0, median_width=None
    )
    assert made.rule.stopped == "time limit"
    # All that was due within the limit stands there; a tenth more of it was time to empty the queue.
    assert len(stream.due_ns) == pytest.approx(200, abs=50)
    done = [d for d in stream.done_ns if d is not None]
    assert 20 <= len(done) <= 24
    assert stream.done_ns[-1] is None
    assert stream.begun_ns[-1] is None
    assert len(stream.sent_ns) == len(stream.due_ns)


def test_every_launch_has_arrivals_of_its_own():
    def due(launch):
        clock = Clock()
        made, _ = loop(clock, lambda n: 1, rate=100.0, iterations=40)
        made.launch = launch
        return server(made, protocol(scenario="server", rate=100.0), load=Load).due_ns

    assert due(0) != due(1)
    assert due(1) == due(1)


def test_a_camera_that_is_too_fast_is_judged_all_the_same():
    """A newer frame waits after nearly every call: nobody pays for the moment that judging takes."""
    fields = {"scenario": "constant_stream", "rate": 100.0, "iterations": 30}
    made, _ = loop(Clock(), lambda n: 25, **fields)
    looks, real = [], made.rule.over
    made.rule.over = lambda *words, look=True: looks.append(look) or real(*words, look=look)
    constant_stream(made, protocol(**fields), load=Load)
    assert looks == [True] * 31


def test_where_arrivals_are_rare_the_time_limit_is_kept():
    clock = Clock()
    stream, made = run(lambda n: 1, clock, rate=0.01, iterations=50, timing_limit_s=2.0)
    assert made.rule.stopped == "time limit"
    assert len(stream.due_ns) == 1
    assert clock.now == 2000 * MS


def test_the_interval_is_judged_only_when_nobody_waits():
    clock = Clock()
    fields = {
        "scenario": "server", "rate": 50.0, "iterations": 5, "max_iterations": 60,
        "median_width": 1e-9,
    }  # fmt: skip
    made, _ = loop(clock, lambda n: 25 if n % 8 < 4 else 1, **fields)
    judged, real = [], made.rule.over

    def over(samples, elapsed, *, look=True):
        judged.append(look)
        return real(samples, elapsed, look=look)

    made.rule.over = over
    stream = server(made, protocol(**fields), load=Load)
    due, done = np.array(stream.due_ns), np.array(stream.done_ns)
    nobody = [not (due[n + 1 :] <= done[n]).any() for n in range(len(due) - 1)]
    assert judged[: len(nobody)] == nobody
    assert set(nobody) == {True, False}


def test_the_deadline_is_the_protocols():
    assert run(lambda n: 1, deadline_ms=7.5)[0].deadline_ns == 7_500_000


def test_without_a_rate_it_is_refused():
    with pytest.raises(BadInput, match=r"'server' needs a rate.*`rate`"):
        run(lambda n: 1, rate=None)


def test_the_machine_is_read_while_nobody_waits_and_seldom_otherwise():
    """A reading that lay between due and done would be charged to the system."""
    clock, read = Clock(), []
    fields = {"scenario": "server", "rate": 100.0, "iterations": 300}
    made, _ = loop(clock, lambda n: 30 if n < 30 else 1, **fields)
    made._poller = SimpleNamespace(read=lambda: read.append(clock.now))
    stream = server(made, protocol(**fields), load=Load)
    due, begun, done = (np.array(v) for v in (stream.due_ns, stream.begun_ns, stream.done_ns))
    queued = [at for at in read if ((due <= at) & (at <= begun)).any()]
    assert len(read) - len(queued) > 5
    assert 2 <= len(queued) <= done[-1] / PATIENCE_NS + 1
    assert (np.diff(queued) > PATIENCE_NS).all()
    assert np.isin(read, done).all()
