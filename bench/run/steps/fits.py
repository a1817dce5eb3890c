"""Runs one batch of one size through the whole path and tells the memory's peak."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bench.record.base import Absent
from bench.run import memory
from bench.run.session import open_bench

if TYPE_CHECKING:
    from bench.run.job import Job
    from bench.run.progress import Say
    from bench.run.session import Bench

CALLS = 2
"""The second call may hold buffers that the first one left."""


def run(job: Job, say: Say) -> dict[str, Any]:
    """`peak_bytes` of the process, None where nobody tells it, and `why`."""
    say("fits", 0, CALLS)
    bench, _ = open_bench(job, job.case.variant)
    for done in range(CALLS):
        _call(bench)
        say("fits", done + 1, CALLS)
    found = memory.peak() if bench.device.name == "cpu" else _gpu(bench.device.memory())
    if isinstance(found, Absent):
        return {"peak_bytes": None, "why": found.reason}
    return {"peak_bytes": found, "why": ""}


def _call(bench: Bench) -> None:
    """Random pictures of the input's size, from 8-bit RGB to labels."""
    import numpy as np

    rng = np.random.default_rng(0)
    pixels = bench.case.model.pixels
    count = bench.case.protocol.batch_size
    inputs = [
        bench.preprocess(rng.integers(0, 256, (*bench.size, 3), np.uint8), pixels, bench.size)
        for _ in range(count)
    ]
    raw = bench.infer(inputs[0] if count == 1 else np.concatenate(inputs))
    for k in range(count):
        one = raw if count == 1 else {n: a[k : k + 1] for n, a in raw.items()}
        bench.postprocess(one, bench.size, bench.size)


def _gpu(kinds: dict[str, int | Absent]) -> int | Absent:
    """Larger of the driver's figure and the allocator's mark, bytes; the first has the context."""
    told = [v for k, v in kinds.items() if k != "gpu_allocated_peak" and isinstance(v, int)]
    if told:
        return max(told)
    return next(v for v in kinds.values() if isinstance(v, Absent))
