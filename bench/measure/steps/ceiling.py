"""Measures what the machine itself can do, on the case's device and with its threads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bench import registry
from bench.measure import ceiling

if TYPE_CHECKING:
    from bench.jobs.base import Job
    from bench.measure.progress import Say


def run(job: Job, say: Say) -> dict[str, Any]:
    """`ceiling`: products a second in each precision, and the memory's bandwidth."""
    say("ceiling", 0, 1)
    device = registry.load("device", job.case.target.device)()
    found = ceiling.measure(device, job.threads)
    return {"ceiling": found.model_dump(mode="json", by_alias=True)}
