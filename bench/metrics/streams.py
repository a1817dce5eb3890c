"""Load that comes at its own pace: latency from when an arrival was due, queue, drops, age.

Everything counts from `due`, which was fixed before the start. So a stall of the system, or of the
load generator, is charged to all arrivals that it held up (no coordinated omission).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.metrics import series
from bench.record.timing import Stream

GROWING = 0.8
"""Rank correlation of an arrival's wait with when it came from which a queue is called growing. Of
300 Poisson arrivals' queues it calls 3 % so at a load of 90 %, 70 % at 110 % and all at 130 %."""


@dataclass(frozen=True)
class Backlog:
    """How a server's queue developed."""

    grew: bool
    first_ns: float
    """Median wait of the first quarter of arrivals."""
    last_ns: float
    """Of the last quarter."""


def latencies(stream: Stream) -> NDArray[np.float64]:
    """Done - due of every arrival, nanoseconds, float64 (n,); infinite where it was never done."""
    took = _array(stream.done_ns) - _array(stream.due_ns)
    return np.where(np.isnan(took), np.inf, took)


def missed(stream: Stream) -> NDArray[np.bool_] | None:
    """Which arrivals had no result by their deadline: too late, replaced, or never done.

    None where no deadline was asked for.
    """
    return None if stream.deadline_ns is None else latencies(stream) > stream.deadline_ns


def dropped(stream: Stream) -> NDArray[np.bool_]:
    """Which frames were replaced by a newer one before they were begun."""
    return np.isnan(_array(stream.begun_ns))


def utilisation(stream: Stream) -> float | None:
    """Share of the time, from the first arrival to the last result, in which the system was busy."""
    busy, span = _array(stream.done_ns) - _array(stream.begun_ns), _span(stream)
    return float(np.nansum(busy)) / span if span else None


def achieved_hz(stream: Stream) -> float | None:
    """Results a second, from the first arrival to the last result."""
    span = _span(stream)
    return 1e9 * int(np.isfinite(_array(stream.done_ns)).sum()) / span if span else None


def ages(stream: Stream) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Age of each result when it comes, (k,), and just before the next one comes, (k - 1,), ns.

    The second is the peak age of information (Costa, Codreanu & Ephremides, IEEE Transactions on
    Information Theory 62, 2016): how old a picture of the road the car acts on, at worst.
    """
    due, done = _array(stream.due_ns), _array(stream.done_ns)
    there = np.isfinite(done)
    order = np.argsort(done[there], kind="stable")
    due, done = due[there][order], done[there][order]
    return done - due, done[1:] - due[:-1]


def backlog(streams: Sequence[Stream]) -> Backlog | None:
    """The queue of the process in which it grew most; None where no queue can be told.

    It grew if arrivals waited the longer the later they came, and the last quarter of them waited
    longer than a call takes.
    """
    found = [b for s in streams if (b := _backlog(s))]
    return max(found, key=lambda b: (b.grew, b.last_ns), default=None)


def _backlog(stream: Stream) -> Backlog | None:
    begun, due = _array(stream.begun_ns), _array(stream.due_ns)
    there = np.isfinite(begun)
    wait, due = (begun - due)[there], due[there]
    if len(wait) < series.FEWEST:
        return None
    quarter = len(wait) // 4
    first, last = float(np.median(wait[:quarter])), float(np.median(wait[-quarter:]))
    calls = _array(stream.done_ns) - begun
    call = float(np.nanmedian(calls)) if np.isfinite(calls).any() else 0.0
    grew = (series.correlation(wait, due) or 0.0) > GROWING and last > max(first, call)
    return Backlog(grew, first, last)


def _span(stream: Stream) -> float:
    done = _array(stream.done_ns)
    return float(np.nanmax(done)) if np.isfinite(done).any() else 0.0


def _array(times: tuple[int | None, ...]) -> NDArray[np.float64]:
    """NaN where there is none."""
    return np.array(times, np.float64)
