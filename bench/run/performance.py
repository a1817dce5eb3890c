"""Latency of the loaded session, phase by phase and end to end; every sample kept."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from bench.record.timing import PHASES, Launch, TimingMeasurement

if TYPE_CHECKING:
    from bench.run.progress import Say
    from bench.run.session import Bench

DISTINCT = 8
"""Images that the iterations take turns with, so that no cache holds just one."""


def measure(bench: Bench, say: Say) -> TimingMeasurement:
    """Timing of `warmup` + `iterations` calls, one after the other, or until the limit."""
    protocol = bench.case.protocol
    distinct = min(DISTINCT, len(bench.images.names))
    warm: list[int] = []
    samples: dict[str, list[int]] = {phase: [] for phase in PHASES}
    whole: list[int] = []
    limit_ns = None if protocol.timing_limit_s is None else protocol.timing_limit_s * 1e9
    # Nothing is said while the clock runs: even a line a second would wake the parent.
    say("timing", 0, protocol.iterations)
    began = time.perf_counter_ns()
    for i in range(protocol.warmup):
        warm.append(_once(bench, i % distinct)[-1])
        if limit_ns is not None and time.perf_counter_ns() - began > limit_ns / 2:
            break
    began = time.perf_counter_ns()
    stopped = "iterations"
    for i in range(protocol.iterations):
        stamps = _once(bench, i % distinct)
        for phase, took in zip(PHASES, stamps, strict=False):
            samples[phase].append(took)
        whole.append(stamps[-1])
        if limit_ns is not None and time.perf_counter_ns() - began > limit_ns:
            stopped = "iterations" if i + 1 == protocol.iterations else "time limit"
            break
    launch = Launch(
        warmup_ns=tuple(warm),
        phases_ns={phase: tuple(values) for phase, values in samples.items()},
        end_to_end_ns=tuple(whole),
        stopped=stopped,
    )
    return TimingMeasurement(batch_size=protocol.batch_size, launches=(launch,))


def _once(bench: Bench, first: int) -> tuple[int, ...]:
    """Nanoseconds of each phase in the order of PHASES, then end to end, of one call."""
    clock = time.perf_counter_ns
    size = bench.case.protocol.batch_size
    there = len(bench.images.names)
    session, device = bench.session, bench.device
    start = clock()
    t0 = clock()
    images = [bench.images.image((first + k) % there) for k in range(size)]
    t1 = clock()
    inputs = [bench.preprocess(i, bench.case.model.pixels, bench.size) for i in images]
    x = inputs[0] if size == 1 else np.concatenate(inputs)
    t2 = clock()
    fed = session.copy_in(x)
    device.synchronize()
    t3 = clock()
    raw = session.forward(fed)
    device.synchronize()
    t4 = clock()
    outputs = session.copy_out(raw)
    t5 = clock()
    for k, image in enumerate(images):
        one = outputs if size == 1 else {n: a[k : k + 1] for n, a in outputs.items()}
        bench.postprocess(one, bench.size, image.shape[:2])
    t6 = clock()
    end = clock()
    return t1 - t0, t2 - t1, t3 - t2, t4 - t3, t5 - t4, t6 - t5, end - start
