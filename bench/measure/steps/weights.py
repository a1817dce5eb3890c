"""Finds a case's weights (asking the hub if the suite says so) and images: their digests."""

from pathlib import Path

from bench import cachedir, registry
from bench.errors import DatasetError
from bench.jobs.base import Say
from bench.jobs.prepare import WeightsJob, WeightsReport


def run(job: WeightsJob, say: Say) -> WeightsReport:
    """Digests, which the cache can then find, and what the weights tell of themselves."""
    say("weights", 0, 1)
    case = job.case
    loader = registry.load("model", case.model.loader)()
    weights = loader.digest(case.model, allow_code=job.allow_code)
    told = loader.told(case.model)
    if case.model.is_path:
        cachedir.remember(Path(job.cache), weights, case.model.location)
    try:
        images = registry.load("dataset", case.dataset.loader)().plan_digest(case.dataset)
    except DatasetError:
        images = ""  # the step `dataset` meets the same and says so under its own name
    return WeightsReport(weights_digest=weights, dataset_digest=images, told=told)
