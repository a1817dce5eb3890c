"""MLPerf's server: queries arrive at random (Poisson) and queue; latency counts the waiting."""

from __future__ import annotations

import numpy as np

from bench.measure.scenarios.arrivals import Sender, rate, serve
from bench.measure.scenarios.base import Loop
from bench.record.timing import Stream
from bench.suite.protocol import Protocol


def run(loop: Loop, protocol: Protocol, load: type[Sender] = Sender) -> Stream:
    """Arrivals, first come, first served; each launch has a draw of its own."""
    deadline = None if protocol.deadline_ms is None else round(protocol.deadline_ms * 1e6)
    due = poisson(rate(protocol), loop.rule.most, (protocol.seed, loop.launch))
    return serve(loop, protocol, due, deadline, load=load)


def poisson(per_second: float, count: int, seed: int | tuple[int, ...]) -> tuple[int, ...]:
    """Nanoseconds after the first of `count` arrivals whose gaps are exponentially distributed."""
    gaps = np.random.default_rng(seed).exponential(1e9 / per_second, count - 1)
    return (0, *np.rint(np.cumsum(gaps)).astype(np.int64).tolist())
