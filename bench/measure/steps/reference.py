"""Leaves the reference variant's labels and raw outputs in the cache."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench import cachedir
from bench.jobs.base import Say
from bench.jobs.prepare import ReferenceJob, ReferenceReport
from bench.measure.accuracy import through
from bench.measure.parity import write_reference
from bench.measure.pipeline import Finish
from bench.measure.session import EvalSetup, load_case
from bench.transforms.base import Outputs


def run(job: ReferenceJob, say: Say) -> ReferenceReport:
    """Images that were computed, now or before."""
    folder = job.makes(Path(job.cache))
    return ReferenceReport.model_validate(
        cachedir.make(folder, lambda out: _compute(job, out, say))
    )


def keeping(setup: EvalSetup, folder: str | None) -> Finish:
    """Function that writes an image's prediction, and the outputs of the first `parity_images`."""

    def keep(index: int, image: NDArray[np.uint8], outputs: Outputs) -> None:
        found = setup.predict(outputs, image.shape[:2])
        kept = outputs if index < setup.case.protocol.parity_images else None
        write_reference(setup.task, Path(folder or "."), index, found, kept)

    return keep


def _compute(job: ReferenceJob, out: Path, say: Say) -> dict[str, Any]:
    loaded, _ = load_case(job, job.case.reference)
    found = through(loaded, keeping, str(out), say, "reference")
    return {"images": len(found.indices), "wall_s": round(found.wall_ns / 1e9, 3)}
