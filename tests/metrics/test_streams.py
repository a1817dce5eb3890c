from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.metrics import streams
from tests.metrics.simulated import MS, camera, server


def test_a_stall_counts_for_everything_that_waited_behind_it():
    calm = server(0, 0.5, n=100)
    # From the 50th arrival on nothing is taken for a second; the sender is held up as well.
    begun, done, sent = list(calm.begun_ns), list(calm.done_ns), list(calm.sent_ns)
    free = begun[49] + 1000 * MS
    for i in range(49, 100):
        took = done[i] - begun[i]
        begun[i] = max(calm.due_ns[i], free)
        sent[i] = begun[i]
        free = done[i] = begun[i] + took
    stalled = calm.model_copy(
        update={"begun_ns": tuple(begun), "done_ns": tuple(done), "sent_ns": tuple(sent)}
    )
    late = streams.latencies(stalled) - streams.latencies(calm)
    assert (late[:49] == 0).all()
    assert late[49] == 1000 * MS
    assert (late[49:] > 500 * MS).sum() > 20
    assert np.percentile(streams.latencies(stalled), 99) > 900 * MS


def test_what_never_came_is_infinitely_late_and_missed():
    made = server(0, 0.5, n=10, deadline_ms=1e6)
    lost = made.model_copy(update={"done_ns": (*made.done_ns[:-1], None)})
    assert streams.latencies(lost)[-1] == np.inf
    assert streams.missed(lost).tolist() == [False] * 9 + [True]
    unasked = lost.model_copy(update={"deadline_ns": None})
    assert streams.missed(unasked) is None


@pytest.mark.parametrize("load", [0.3, 0.8])
def test_utilisation_is_the_load_and_the_rate_that_of_the_arrivals(load):
    made = server(1, load, n=3000)
    assert streams.utilisation(made) == pytest.approx(load, rel=0.07)
    assert streams.achieved_hz(made) == pytest.approx(made.rate_hz, rel=0.07)


@settings(deadline=None, max_examples=50)
@given(st.integers(1, 40), st.integers(5, 200))
def test_a_camera_drops_what_the_system_cannot_take(call_ms, n):
    made = camera(n, 10.0, float(call_ms))
    dropped = streams.dropped(made)
    at, peak = streams.ages(made)
    assert len(at) == n - dropped.sum()
    assert len(peak) == max(0, len(at) - 1)
    assert (at >= call_ms * MS).all()
    assert (peak >= at[:-1]).all()
    if call_ms <= 10:
        assert not dropped.any()
        assert (at == call_ms * MS).all()
        # A steady result ages by one more period before the next one comes.
        assert (peak == (call_ms + 10) * MS).all()
        assert not streams.missed(made).any()
    else:
        assert streams.missed(made).all()


def test_a_call_of_two_periods_takes_every_second_frame():
    made = camera(101, 10.0, 20.0)
    assert streams.dropped(made).mean() == pytest.approx(0.5, abs=0.02)
    assert streams.achieved_hz(made) == pytest.approx(50, rel=0.05)


def test_queues_grow_above_the_capacity_and_not_below():
    below = [streams.backlog([server(s, 0.8)]).grew for s in range(50)]
    above = [streams.backlog([server(s, 1.3)]).grew for s in range(50)]
    assert sum(below) <= 2
    assert all(above)
    assert streams.backlog([]) is None
    worst = streams.backlog([server(0, 0.5), server(1, 1.5)])
    assert worst.grew
    assert worst.last_ns > 100 * worst.first_ns or worst.last_ns > 100 * MS
