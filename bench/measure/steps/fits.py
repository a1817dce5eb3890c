"""Runs one batch of one size through the whole path and tells the memory's peak."""

from bench.jobs.base import Say
from bench.jobs.measure import FitsJob, FitsReport
from bench.measure import memory
from bench.measure.session import LoadedCase, load_case
from bench.record.base import Absent

CALLS = 2
"""The second call may hold buffers that the first one left."""


def run(job: FitsJob, say: Say) -> FitsReport:
    """What the process held at most, None where nothing tells it, and why."""
    say("fits", 0, CALLS)
    loaded, _ = load_case(job, job.case.variant)
    for done in range(CALLS):
        _call(loaded)
        say("fits", done + 1, CALLS)
    found = memory.peak() if loaded.device.memory_space == "main" else _gpu(loaded.device.memory())
    if isinstance(found, Absent):
        return FitsReport(peak_bytes=None, why=found.reason)
    return FitsReport(peak_bytes=found)


def _call(loaded: LoadedCase) -> None:
    """Random pictures of the input's size, from 8-bit RGB to labels."""
    import numpy as np

    rng = np.random.default_rng(0)
    pixels = loaded.case.model.pixels
    count = loaded.case.protocol.batch_size
    inputs = [
        loaded.prepare(rng.integers(0, 256, (*loaded.size, pixels.bands), np.uint8))
        for _ in range(count)
    ]
    raw, _ = loaded.passes(inputs[0] if count == 1 else np.concatenate(inputs))
    passes = len(inputs[0])
    for k in range(count):
        one = {n: a[k * passes : (k + 1) * passes] for n, a in raw.items()}
        loaded.postprocess(one, loaded.size, loaded.size)


def _gpu(kinds: dict[str, int | Absent]) -> int | Absent:
    """Larger of the driver's figure and the allocator's mark, bytes; the first has the context."""
    told = [v for k, v in kinds.items() if k != "gpu_allocated_peak" and isinstance(v, int)]
    if told:
        return max(told)
    return next(v for v in kinds.values() if isinstance(v, Absent))
