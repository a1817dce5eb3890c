"""Makes or checks a data set, and tells its digests, its images and their size."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench import registry
from bench.datasets.base import content_digest
from bench.errors import DatasetError
from bench.measure.session import image_count

if TYPE_CHECKING:
    from bench.datasets.base import DatasetLoader
    from bench.jobs.base import Job
    from bench.measure.progress import Say


def run(job: Job, say: Say) -> dict[str, Any]:
    """`digest` by content, digests of `calibration` splits, `images` and the first one's `size`."""
    import cv2

    cv2.setNumThreads(1)
    case = job.case
    say("dataset", 0, 1)
    loader = registry.load("dataset", case.dataset.loader)()
    loader.prepare(case.dataset, Path(job.cache))
    images = loader.open(case.dataset, Path(job.cache))
    count = image_count(case, len(images.names))
    return {
        "calibration": _calibration(job, loader),
        "digest": content_digest(images, count),
        "images": count,
        "size": images.image(0).shape[:2],
    }


def _calibration(job: Job, loader: DatasetLoader) -> dict[str, str]:
    """Split -> digest of what determines it; empty where it isn't there (its artifact says so)."""
    out = {}
    for split in job.calibration_splits:
        try:
            out[split] = loader.plan_digest(job.case.dataset.model_copy(update={"split": split}))
        except DatasetError:
            out[split] = ""
    return out
