"""Leaves the reference variant's labels and raw outputs in the cache."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.run import cachedir
from bench.run.accuracy import batches
from bench.run.parity import write_reference
from bench.run.session import open_bench

if TYPE_CHECKING:
    from bench.run.job import Job
    from bench.run.progress import Say


def run(job: Job, say: Say) -> dict[str, Any]:
    """`images` that were computed."""
    if job.target is None:
        raise ValueError("a reference needs a folder")
    return cachedir.make(Path(job.target), lambda out: _compute(job, out, say))


def _compute(job: Job, out: Path, say: Say) -> dict[str, Any]:
    bench, _ = open_bench(job, job.case.reference)
    protocol = job.case.protocol
    began, seen = time.monotonic(), 0
    for indices, images, x in batches(bench):
        raw = bench.infer(x)
        for slot, index in enumerate(indices):
            outputs = {k: v[slot : slot + 1] for k, v in raw.items()}
            labels = bench.postprocess(outputs, bench.size, images[slot].shape[:2])
            write_reference(out, index, labels, outputs if index < protocol.parity_images else None)
            seen += 1
        say("reference", seen, bench.count)
        limit = protocol.accuracy_limit_s
        if limit is not None and time.monotonic() - began > limit:
            break
    return {"images": seen, "wall_s": round(time.monotonic() - began, 3)}
