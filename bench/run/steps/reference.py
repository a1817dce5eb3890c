"""Leaves the reference variant's labels and raw outputs in the cache."""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock

from bench.run.accuracy import batches
from bench.run.parity import write_reference
from bench.run.session import open_bench

if TYPE_CHECKING:
    from bench.run.job import Job
    from bench.run.progress import Say

RECORD = "made.json"


def run(job: Job, say: Say) -> dict[str, Any]:
    """`images` that were computed."""
    if job.target is None:
        raise ValueError("a reference needs a folder")
    target = Path(job.target)
    target.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(str(target) + ".lock"):
        if (target / RECORD).is_file():
            return dict(json.loads((target / RECORD).read_text()))
        scratch = target.with_name(f"{target.name}.{os.getpid()}.part")
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir()
        try:
            made = _compute(job, scratch, say)
            (scratch / RECORD).write_text(json.dumps(made))
            shutil.rmtree(target, ignore_errors=True)
            scratch.rename(target)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    return made


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
