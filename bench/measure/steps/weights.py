"""Finds a case's weights (asking the hub if the suite says so) and images: their digests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bench import registry
from bench.errors import DatasetError

if TYPE_CHECKING:
    from bench.jobs.base import Job
    from bench.measure.progress import Say


def run(job: Job, say: Say) -> dict[str, Any]:
    """`weights_digest` of what determines the weights and `dataset_digest` of the images.

    Also `classes`, those that the weights name, where the suite names none.
    """
    say("weights", 0, 1)
    case = job.case
    loader = registry.load("model", case.model.loader)()
    found: dict[str, Any] = {}
    found["weights_digest"] = loader.digest(case.model, allow_code=job.allow_code)
    if case.model.trained and not case.model.classes:
        found["classes"] = loader.classes(case.model)
    try:
        data = registry.load("dataset", case.dataset.loader)()
        found["dataset_digest"] = data.plan_digest(case.dataset)
    except DatasetError:
        # The step `dataset` meets the same and says so under its own name.
        found["dataset_digest"] = ""
    return found
