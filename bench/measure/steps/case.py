"""Measures one case on one loaded session: accuracy, parity, the first launch of latency, memory."""

import time

from bench.jobs.base import Say
from bench.jobs.measure import CaseJob, CaseReport
from bench.measure import accuracy, memory, performance
from bench.measure.session import LoadedCase, Opening, closed, load_case
from bench.record.base import Absent
from bench.record.memory import MemoryMeasurement
from bench.record.result import Measurement


def run(job: CaseJob, say: Say) -> CaseReport:
    """Everything that one session tells; a job whose accuracy is `sharded` is timed only."""
    born = memory.resident()
    say("load", 0, 1)
    loaded, opening = load_case(job, job.case.variant)
    pss = memory.pss()
    began = time.monotonic()
    found = accuracy.Pass() if job.sharded else accuracy.walk(loaded, say, job.reference_folder)
    walked = time.monotonic()
    measurements: list[Measurement] = [] if job.sharded else accuracy.counts(job, loaded, found)
    if not job.case.protocol.corruption:  # a corrupted image costs what the clean one does
        # The peak is the model's: what parity and counting held beside it doesn't count.
        memory.reset_peak()
        timing = performance.measure(loaded, say, poller=job.poller)
        measurements += [timing, _memory(loaded, opening, born, pss)]
    timed = time.monotonic()
    if not job.sharded:
        measurements += accuracy.beside(job, loaded, found)
    return CaseReport(
        measurements=tuple(measurements),
        weights=dict(loaded.session.weights),
        seen=len(found.indices),
        asked=loaded.count,
        **closed(loaded, opening, accuracy_s=walked - began, timing_s=timed - walked),
    )


def _memory(
    loaded: LoadedCase, opening: Opening, born: int, pss: int | Absent
) -> MemoryMeasurement:
    """Memory by kind, read right after the timing."""
    return MemoryMeasurement(
        values={
            "rss_start": born,
            "rss_before_load": opening.rss_before,
            "rss_after_load": opening.rss_after,
            "rss_peak": memory.peak(),
            "pss_after_load": pss,
            "pss_after_run": memory.pss(),
            **loaded.device.memory(),
        }
    )
