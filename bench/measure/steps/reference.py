"""Leaves the reference variant's labels and raw outputs in the cache."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench import cachedir
from bench.jobs.reference import ReferenceReport
from bench.measure.parity import write_reference
from bench.measure.pipeline import Pipeline
from bench.measure.session import load_case

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from bench.jobs.reference import ReferenceJob
    from bench.measure.progress import Say
    from bench.measure.session import EvalSetup


def run(job: ReferenceJob, say: Say) -> ReferenceReport:
    """Images that were computed, now or before."""
    folder = cachedir.reference(Path(job.cache), job.target)
    return ReferenceReport.model_validate(
        cachedir.make(folder, lambda out: _compute(job, out, say))
    )


@dataclass(frozen=True)
class Keeping:
    """Outputs -> files."""

    setup: EvalSetup
    folder: Path

    def __call__(
        self, index: int, image: NDArray[np.uint8], outputs: Mapping[str, NDArray[np.float32]]
    ) -> None:
        """Write the prediction, and the outputs of the first `parity_images`."""
        found = self.setup.predict(outputs, image.shape[:2])
        kept = outputs if index < self.setup.case.protocol.parity_images else None
        write_reference(self.setup.task, self.folder, index, found, kept)


def keeping(setup: EvalSetup, folder: str | None) -> Keeping:
    """The same in a process of its own."""
    return Keeping(setup, Path(folder or "."))


def _compute(job: ReferenceJob, out: Path, say: Say) -> dict[str, Any]:
    loaded, _ = load_case(job, job.case.reference)
    limit = job.case.protocol.accuracy_limit_s
    began, seen = time.monotonic(), 0
    with Pipeline(loaded, Keeping(loaded, out), f"{__name__}:keeping", str(out)) as line:
        for indices, x in line.batches():
            line.give(indices, loaded.infer(x))
            seen += len(indices)
            say("reference", seen, loaded.count)
            if limit is not None and time.monotonic() - began > limit:
                break
        for _ in line.results():
            pass
    return {"images": seen, "wall_s": round(time.monotonic() - began, 3)}
