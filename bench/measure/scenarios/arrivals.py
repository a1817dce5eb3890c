"""Load that comes at its own pace, whatever the system does (server, constant_stream).

When each arrival is due is fixed before the start. A sender that waited for the system would leave
out just those arrivals that a stall holds up (coordinated omission; G. Tene, "How not to measure
latency", 2013); here a stall is charged to all of them.
"""

import threading
from collections.abc import Sequence
from queue import Empty, SimpleQueue
from typing import Self

import numpy as np

from bench.errors import BadInput
from bench.measure.call import Clock
from bench.measure.scenarios.base import Loop
from bench.record.timing import Stream
from bench.suite.protocol import Protocol

LEAD_NS = 5_000_000
"""From the sender's start to the first arrival."""
PATIENCE_NS = 250_000_000
"""Longest that the machine isn't read because arrivals wait."""
DRAIN = 0.1
"""Share of the time limit in which the queue may empty after it; what is left was never done."""
FOREVER_NS = 10**18
"""End of a camera's schedule, 30 years: how many frames a number of calls needs isn't known before."""


class Sender:
    """Arrivals, by their number, from a thread that sleeps from one to the next."""

    def __init__(self, due_ns: Sequence[int], clock: Clock) -> None:
        self._due_ns = due_ns
        self._clock = clock
        self._queue: SimpleQueue[int | None] = SimpleQueue()
        self._closed = threading.Event()
        self._horizon_ns = 0
        self._ended = False
        self._thread = threading.Thread(target=self._send, daemon=True)
        self.origin_ns = 0
        """When the first arrival is due."""
        self.sent_ns: list[int] = []
        """When each was really sent, after the origin."""

    def __enter__(self) -> Self:
        self.origin_ns = self._clock() + LEAD_NS
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
        self._thread.join()

    def take(self, *, newest: bool, until_ns: float | None = None) -> int | None:
        """Oldest arrival that waits, or the newest, losing others; None = the end, or none until `until_ns`."""
        if self._ended:
            return None
        left = None if until_ns is None else max(0.0, (until_ns - self._clock()) / 1e9)
        try:
            taken = self._queue.get(timeout=left)
        except Empty:
            return None
        if taken is None:
            self._ended = True
            return None
        # A frame that is due is waited for: the sender may only lack the interpreter's lock, which
        # waiting gives it.
        while newest and self._is_due(taken + 1):
            later = self._queue.get()
            if later is None:
                self._ended = True
                break
            taken = later
        return taken

    def waiting(self) -> bool:
        """Whether an arrival waits to be taken."""
        return not self._queue.empty()

    def close(self) -> None:
        """Send nothing that is due later than now."""
        if not self._closed.is_set():
            self._horizon_ns = self._clock() - self.origin_ns
            self._closed.set()

    def _is_due(self, number: int) -> bool:
        there = number < len(self._due_ns)
        return there and self._due_ns[number] <= self._clock() - self.origin_ns

    def _send(self) -> None:
        for number, due_ns in enumerate(self._due_ns):
            while (left := self.origin_ns + due_ns - self._clock()) > 0:
                if self._closed.wait(left / 1e9):
                    break
            if self._closed.is_set() and due_ns > self._horizon_ns:
                break
            self.sent_ns.append(self._clock() - self.origin_ns)
            self._queue.put(number)
        self._queue.put(None)


def server(loop: Loop, protocol: Protocol, load: type[Sender] = Sender) -> Stream:
    """Queries that arrive at random (Poisson; a draw for each launch) and queue: MLPerf's server."""
    deadline = None if protocol.deadline_ms is None else round(protocol.deadline_ms * 1e6)
    due = poisson(rate(protocol), loop.rule.most, (protocol.seed, loop.launch))
    return serve(loop, protocol, due, deadline, load=load)


def poisson(per_second: float, count: int, seed: int | tuple[int, ...]) -> tuple[int, ...]:
    """Nanoseconds after the first of `count` arrivals whose gaps are exponentially distributed."""
    gaps = np.random.default_rng(seed).exponential(1e9 / per_second, count - 1)
    return (0, *np.rint(np.cumsum(gaps)).astype(np.int64).tolist())


def constant_stream(loop: Loop, protocol: Protocol, load: type[Sender] = Sender) -> Stream:
    """A camera's frames at a fixed rate (MLPerf Automotive): a free system takes the newest.

    A frame that a newer one replaced is lost, and has missed its deadline, which is one frame's period
    unless the protocol says more.
    """
    period = max(1, round(1e9 / rate(protocol)))
    deadline = period if protocol.deadline_ms is None else round(protocol.deadline_ms * 1e6)
    due = range(0, FOREVER_NS, period)
    return serve(loop, protocol, due, deadline, newest=True, load=load)


def serve(
    loop: Loop,
    protocol: Protocol,
    due_ns: Sequence[int],
    deadline_ns: int | None,
    *,
    newest: bool = False,
    load: type[Sender] = Sender,
) -> Stream:
    """Stream of a load: every arrival that was due before the end, done or not.

    The loop's rule judges done - due of what was done. `due_ns` counts from the first arrival. With
    `newest` the newest arrival is taken and those before it are lost, instead of queueing.
    """
    begun: dict[int, int] = {}
    done: dict[int, int] = {}
    latencies: list[int] = []
    drain_until: float | None = None
    polled = loop.clock()
    sender = load(due_ns, loop.clock)
    with sender:
        until: float | None = None
        while (number := sender.take(newest=newest, until_ns=until)) is not None:
            start, end = loop.call(number)
            begun[number], done[number] = start - sender.origin_ns, end - sender.origin_ns
            latencies.append(done[number] - due_ns[number])
            # Reading the machine and judging the interval take a moment, which must not count as
            # latency of an arrival in the queue; a camera has none.
            idle = not sender.waiting()
            if idle or end - polled > PATIENCE_NS:
                loop.poll()
                polled = end
            if drain_until is None and loop.over(latencies, look=idle or newest):
                sender.close()
                drain_until = loop.clock() + DRAIN * loop.rule.limit_ns
            if drain_until is not None and loop.clock() > drain_until:
                break
            until = loop.until(len(latencies)) if drain_until is None else drain_until
        loop.over(latencies)
    count = len(sender.sent_ns)
    return Stream(
        rate_hz=rate(protocol),
        deadline_ns=deadline_ns,
        due_ns=tuple(due_ns[:count]),
        sent_ns=tuple(sender.sent_ns),
        begun_ns=tuple(begun.get(i) for i in range(count)),
        done_ns=tuple(done.get(i) for i in range(count)),
    )


def rate(protocol: Protocol) -> float:
    """Arrivals a second that the protocol asks for; BadInput where it asks for none."""
    if protocol.rate is None:
        raise BadInput(
            f"The scenario {protocol.scenario!r} needs a rate.",
            "Give the protocol a `rate`, arrivals a second.",
        )
    return protocol.rate
