"""A camera (MLPerf Automotive's constant stream): frames come at a fixed rate.

Whenever the system is free it takes the newest frame. One that a newer frame replaced before it was
begun is lost, and has missed its deadline.
"""

from __future__ import annotations

from bench.measure.scenarios.arrivals import Sender, rate, serve
from bench.measure.scenarios.base import Loop
from bench.record.timing import Stream
from bench.suite.protocol import Protocol

FOREVER_NS = 10**18
"""End of the schedule, 30 years: how many frames a number of calls needs isn't known before."""


def run(loop: Loop, protocol: Protocol, load: type[Sender] = Sender) -> Stream:
    """Frames, done or replaced; the deadline is one frame's period unless the protocol says more."""
    period = max(1, round(1e9 / rate(protocol)))
    deadline = period if protocol.deadline_ms is None else round(protocol.deadline_ms * 1e6)
    due = range(0, FOREVER_NS, period)
    return serve(loop, protocol, due, deadline, newest=True, load=load)
