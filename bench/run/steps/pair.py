"""One side of a live pair: a loaded, warm session that runs a burst whenever it is told to.

It waits in a blocking read: a waiting side must not take a core from the side whose turn it is.
Commands come on standard input, a line each: `burst 3` runs three iterations and answers when they
are done; `end`, or the end of the input, ends the process. The samples come in the report.
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

import numpy as np

from bench.run.session import open_bench

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from bench.run.job import Job
    from bench.run.progress import Say
    from bench.run.session import Bench

WARMUP = 5
"""Fewest untimed iterations: the first calls of a runtime allocate and choose kernels."""
DISTINCT = 8
"""Images that the iterations take turns with, so that no cache holds just one."""


def run(job: Job, say: Say) -> dict[str, Any]:
    """`bursts_ns`, end-to-end nanoseconds of each burst's iterations, and `effective` settings."""
    bench, _ = open_bench(job, job.case.variant)
    distinct = min(DISTINCT, len(bench.images.names))
    for i in range(max(WARMUP, job.case.protocol.warmup)):
        iteration(bench, i % distinct)
    say("ready", 1, 1)
    bursts = serve(sys.stdin, lambda i: slowed(bench, i % distinct, job.planted), say)
    effective = dict(bench.session.effective)
    bench.session.close()
    return {"bursts_ns": bursts, "effective": effective}


def serve(
    commands: Iterable[str], timed: Callable[[int], int], say: Say
) -> tuple[tuple[int, ...], ...]:
    """Samples of each burst that was asked for, nanoseconds."""
    bursts: list[tuple[int, ...]] = []
    seen = 0
    for line in commands:
        word, _, count = line.strip().partition(" ")
        if word != "burst":
            break
        bursts.append(tuple(timed(seen + k) for k in range(int(count))))
        seen += int(count)
        say("burst", len(bursts), len(bursts))
    return tuple(bursts)


def slowed(bench: Bench, first: int, planted: float) -> int:
    """Nanoseconds of one iteration, made longer by the share `planted`."""
    start = time.perf_counter_ns()
    iteration(bench, first)
    if planted:
        until = start + (time.perf_counter_ns() - start) * (1 + planted)
        while time.perf_counter_ns() < until:
            pass
    return time.perf_counter_ns() - start


def iteration(bench: Bench, first: int) -> None:
    """One batch from the image to the labels: what the scenario single_stream times as a whole."""
    size = bench.case.protocol.batch_size
    there = len(bench.images.names)
    images = [bench.images.image((first + k) % there) for k in range(size)]
    inputs = [bench.preprocess(i, bench.case.model.pixels, bench.size) for i in images]
    x = inputs[0] if size == 1 else np.concatenate(inputs)
    outputs = bench.infer(x)
    for k, image in enumerate(images):
        one = outputs if size == 1 else {n: a[k : k + 1] for n, a in outputs.items()}
        bench.postprocess(one, bench.size, image.shape[:2])
