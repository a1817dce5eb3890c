"""The sender's thread on the real clock: bounds are loose, a busy machine is no reason to fail."""

import threading
import time

import numpy as np

from bench.measure.scenarios.arrivals import LEAD_NS, Sender, serve
from bench.measure.scenarios.base import Loop
from bench.measure.stopping import Rule
from tests.scripted import MS, Clock, protocol

CLOCK = time.perf_counter_ns


def real(due_ns, took_ms, *, newest=False, iterations=0):
    def call(position):
        start = CLOCK()
        time.sleep(took_ms(position) / 1e3)
        return start, CLOCK(), *[0] * 6

    asked = protocol(scenario="server", rate=1.0, iterations=iterations or len(due_ns))
    loop = Loop(call, Rule.of(asked), CLOCK)
    return serve(loop, asked, due_ns, None, newest=newest)


def test_a_stall_on_the_real_clock_holds_up_all_that_came_behind_it():
    due = [i * 10 * MS for i in range(12)]
    stream = real(due, lambda position: 80 if position == 2 else 1)
    took = (np.array(stream.done_ns) - np.array(stream.due_ns)) / MS
    assert stream.due_ns == tuple(due)
    assert (np.diff(stream.begun_ns) > 0).all()
    # Due while the third call slept: nobody omitted them, and each waited for its end.
    for number in range(3, 10):
        assert took[number] >= 100 - due[number] / MS
    # The sender slept from one to the next and kept its times, whatever the system did.
    late = np.array(stream.sent_ns) - due
    assert late.min() >= 0
    assert np.median(late) < 20 * MS


def test_the_newest_frame_is_taken():
    stream = real(range(0, 10**18, 10 * MS), lambda position: 35, newest=True, iterations=4)
    taken = [i for i, b in enumerate(stream.begun_ns) if b is not None]
    assert len(taken) >= 4
    assert len(stream.due_ns) > len(taken)
    for number in taken[1:]:
        # No later frame was due when it was begun, but for the moment of deciding.
        assert stream.begun_ns[number] < stream.due_ns[number] + 30 * MS


def test_no_thread_is_left_behind():
    before = threading.active_count()
    sender = Sender([0, 10**15], CLOCK)
    with sender:
        assert sender.take(newest=False) == 0
    assert threading.active_count() == before
    assert len(sender.sent_ns) == 1
    assert sender.take(newest=False) is None
    assert sender.take(newest=True) is None


def test_what_was_due_before_the_end_is_sent_after_it():
    clock = Clock()
    sender = Sender([0, 10 * MS, 20 * MS, 30 * MS], clock)
    with sender:
        clock.now = LEAD_NS + 25 * MS
        sender.close()
        assert [sender.take(newest=False) for _ in range(4)] == [0, 1, 2, None]
    assert sender.sent_ns == [25 * MS] * 3


def test_nobody_waits_for_an_arrival_beyond_a_moment_that_was_named():
    sender = Sender([0, 10**15], CLOCK)
    with sender:
        assert sender.take(newest=False, until_ns=CLOCK() + 10**10) == 0
        assert not sender.waiting()
        began = CLOCK()
        assert sender.take(newest=False, until_ns=began + 50 * MS) is None
        assert CLOCK() - began >= 50 * MS
