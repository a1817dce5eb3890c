"""Runs one step of an export recipe into the cache: a folder, whole or not there at all."""

import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench import cachedir, registry
from bench.errors import CaseFailed
from bench.exporters.base import ExportJob
from bench.exporters.notes import read_note, tensor_bytes
from bench.jobs.base import Say
from bench.jobs.prepare import ArtifactJob, ArtifactReport
from bench.measure import memory
from bench.measure.session import read
from bench.transforms.geometry import Geometry


def run(job: ArtifactJob, say: Say) -> ArtifactReport:
    """What the step made, now or before."""
    folder = job.makes(Path(job.cache))
    return ArtifactReport.model_validate(cachedir.make(folder, lambda out: _make(job, out, say)))


def _make(job: ArtifactJob, out: Path, say: Say) -> dict[str, Any]:
    step = job.case.variant.steps[job.position]
    say(f"artifact {step.name}", 0, 1)
    began = time.monotonic()
    exporter = registry.load("exporter", step.name)()
    exporter.make(
        ExportJob(
            model=job.case.model,
            previous=None
            if job.previous is None
            else cachedir.artifact(Path(job.cache), job.previous),
            out=out,
            size=job.size,
            batch_size=job.case.protocol.batch_size,
            threads=job.threads,
            allow_code=job.allow_code,
            stages=job.stages,
            options=step.options,
            calibration=_calibration(job) if exporter.calibrates else (),
        )
    )
    if not any(out.iterdir()):
        raise CaseFailed(f"The step {step.name!r} wrote nothing.")
    note = read_note(out)
    files, size = cachedir.files(out)
    return {
        "name": step.name,
        "wall_s": round(time.monotonic() - began, 3),
        "peak_rss_bytes": memory.peak(),
        "files": files,
        "file_bytes": size,
        "parameters": note.parameters,
        "weight_bytes": note.weight_bytes,
        "tensor_bytes": tensor_bytes(out / note.model),
        "dynamic": note.dynamic,
        "rungs": [rung.model_dump() for rung in note.rungs],
    }


def _calibration(job: ArtifactJob) -> tuple[NDArray[np.float32], ...]:
    """Preprocessed images of the calibration split; never those that are evaluated."""
    asked = job.case.variant.calibration
    dataset = job.case.dataset
    if asked is None:
        raise CaseFailed(
            f"The variant {job.case.variant.name!r} quantizes with ranges and names no "
            "[calibration]."
        )
    if asked.split == dataset.split:
        raise CaseFailed(
            f"Calibration on the split {asked.split!r} would show the quantizer the images that "
            "are evaluated.",
            "Name another split.",
        )
    import numpy as np

    loader = registry.load("dataset", dataset.loader)()
    images = loader.open(dataset, Path(job.cache), split=asked.split, count=asked.images)
    preprocess = registry.load("preprocess", job.case.protocol.preprocess)
    geometry = Geometry.of(job.case.protocol)
    inputs = [
        geometry.cut(read(images, i, job.case), job.case.model.pixels, job.size, preprocess)[:1]
        for i in range(min(asked.images, len(images.names)))
    ]
    batch = job.case.protocol.batch_size
    return tuple(x if batch == 1 else np.repeat(x, batch, axis=0) for x in inputs)
