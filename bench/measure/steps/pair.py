"""One side of a live pair: a loaded, warm session that runs a burst whenever it is told to.

It waits in a blocking read: a waiting side must not take a core from the side whose turn it is.
Commands come on standard input, a line each: `burst 3` runs three iterations and answers when they
are done, `burst 3 1` does so with the calling thread on core 1; any other line, or none, ends the process.
"""

import contextlib
import os
import sys
import time
from collections.abc import Callable, Iterable, Sequence

from bench.jobs.base import Say
from bench.jobs.measure import PairJob, PairReport
from bench.measure.call import Call, timed
from bench.measure.session import load_case

WARMUP = 5
"""Fewest untimed iterations: the first calls of a runtime allocate and choose kernels."""


def run(job: PairJob, say: Say) -> PairReport:
    """End-to-end nanoseconds of each burst's iterations, and effective settings."""
    loaded, _ = load_case(job, job.case.variant)
    call = timed(loaded, time.perf_counter_ns)
    warm(call, job)
    say("ready", 1, 1)
    bursts = serve(sys.stdin, lambda i: slowed(call, i, job.planted), say)
    effective = dict(loaded.session.effective)
    loaded.session.close()
    return PairReport(bursts_ns=bursts, effective=effective)


def warm(call: Call, job: PairJob) -> None:
    """Run the untimed calls."""
    for i in range(max(WARMUP, job.case.protocol.warmup)):
        call(i)


def serve(
    commands: Iterable[str], one: Callable[[int], int], say: Say
) -> tuple[tuple[int, ...], ...]:
    """Samples of each burst that was asked for, nanoseconds."""
    bursts: list[tuple[int, ...]] = []
    seen = 0
    for line in commands:
        word, *numbers = line.split()
        if word != "burst":
            break
        count, *core = map(int, numbers)
        stay(core)
        bursts.append(tuple(one(seen + k) for k in range(count)))
        seen += count
        say("burst", len(bursts), len(bursts))
    return tuple(bursts)


def stay(cores: Sequence[int]) -> None:
    """Keep the calling thread on these cores; empty = wherever it is. The runtime's others roam."""
    if cores and hasattr(os, "sched_setaffinity"):
        with contextlib.suppress(OSError):  # a core that was taken away meanwhile
            os.sched_setaffinity(0, cores)


def slowed(call: Call, position: int, planted: float) -> int:
    """Nanoseconds of one call, made longer by the share `planted`."""
    start, end = call(position)[:2]
    if not planted:
        return end - start
    until = end + (end - start) * planted
    while time.perf_counter_ns() < until:
        pass
    return time.perf_counter_ns() - start
