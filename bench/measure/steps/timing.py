"""A later launch of a case, without accuracy: each process has another layout of memory and threads."""

import time

from bench.jobs.base import Say
from bench.jobs.measure import TimingJob, TimingReport
from bench.measure import performance
from bench.measure.session import closed, load_case


def run(job: TimingJob, say: Say) -> TimingReport:
    """One process's samples."""
    say("load", 0, 1)
    loaded, opening = load_case(job, job.case.variant)
    began = time.monotonic()
    launch = performance.launch(loaded, say)
    took = time.monotonic() - began
    return TimingReport(launch=launch, **closed(loaded, opening, timing_s=took))
