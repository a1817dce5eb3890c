"""Makes or checks a data set, and tells its digests, its images and their size."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench import registry
from bench.datasets.base import content_digest
from bench.run.session import image_count

if TYPE_CHECKING:
    from bench.run.job import Job
    from bench.run.progress import Say


def run(job: Job, say: Say) -> dict[str, Any]:
    """`digest` by content, `plan_digest`, `images` and the first one's `size`."""
    import cv2

    cv2.setNumThreads(1)
    case = job.case
    say("dataset", 0, 1)
    loader = registry.load("dataset", case.dataset.loader)()
    loader.prepare(case.dataset, Path(job.cache))
    images = loader.open(case.dataset, Path(job.cache))
    count = image_count(case, len(images.names))
    return {
        "plan_digest": loader.plan_digest(case.dataset),
        "digest": content_digest(images, count),
        "images": count,
        "size": images.image(0).shape[:2],
    }
