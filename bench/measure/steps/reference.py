"""Leaves the reference variant's labels and raw outputs in the cache."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench import cachedir
from bench.jobs.base import Say
from bench.jobs.prepare import ReferenceJob, ReferenceReport
from bench.measure.parity import write_reference
from bench.measure.pipeline import Finish, Pipeline
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
    limit = job.case.protocol.accuracy_limit_s
    began, seen = time.monotonic(), 0
    with Pipeline(loaded, keeping, str(out)) as line:
        for indices, x in line.batches():
            line.give(indices, loaded.infer(x)[0])
            seen += len(indices)
            say("reference", seen, loaded.count)
            if limit is not None and time.monotonic() - began > limit:
                break
        for _ in line.results():
            pass
    return {"images": seen, "wall_s": round(time.monotonic() - began, 3)}
