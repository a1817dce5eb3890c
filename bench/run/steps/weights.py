"""Finds a model's weights (fetching them if the suite says hub) and tells their digest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bench import registry

if TYPE_CHECKING:
    from bench.run.job import Job
    from bench.run.progress import Say


def run(job: Job, say: Say) -> dict[str, Any]:
    """`digest` of what determines the weights."""
    say("weights", 0, 1)
    loader = registry.load("model", job.case.model.loader)()
    return {"digest": loader.digest(job.case.model, allow_code=job.allow_code)}
