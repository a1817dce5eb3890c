"""Measures what the machine itself can do, on the case's device and with its threads."""

from __future__ import annotations

from bench import registry
from bench.jobs.base import Say
from bench.jobs.measure import CeilingJob, CeilingReport
from bench.measure import ceiling


def run(job: CeilingJob, say: Say) -> CeilingReport:
    """Products a second in each precision, and the memory's bandwidth."""
    say("ceiling", 0, 1)
    device = registry.load("device", job.device)()
    return CeilingReport(ceiling=ceiling.measure(device, job.threads))
