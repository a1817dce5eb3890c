"""Runs one step of an export recipe into the cache: a folder, whole or not there at all."""

import time
from math import prod
from pathlib import Path
from typing import Any

from bench import cachedir, registry
from bench.devices import machine
from bench.errors import CaseFailed, Unsupported
from bench.exporters.base import ExportJob, Memory
from bench.exporters.notes import read_note, tensor_bytes
from bench.jobs.base import Say
from bench.jobs.prepare import ArtifactJob, ArtifactReport
from bench.measure import calibrate, memory


def run(job: ArtifactJob, say: Say) -> ArtifactReport:
    """What the step made, now or before."""
    folder = job.makes(Path(job.cache))
    return ArtifactReport.model_validate(cachedir.make(folder, lambda out: _make(job, out, say)))


def _make(job: ArtifactJob, out: Path, say: Say) -> dict[str, Any]:
    step = job.case.variant.steps[job.position]
    say(f"artifact {step.name}", 0, 1)
    began = time.monotonic()
    exporter = registry.load("exporter", step.name)()
    previous = None if job.previous is None else cachedir.artifact(Path(job.cache), job.previous)
    _refuse(job, step.name, exporter.memory, previous)
    chosen = calibrate.images(job) if exporter.calibrates else None
    exporter.make(
        ExportJob(
            model=job.case.model,
            previous=previous,
            out=out,
            size=job.size,
            batch_size=job.case.protocol.batch_size,
            threads=job.threads,
            allow_code=job.allow_code,
            stages=job.stages,
            options=step.options,
            calibration=calibrate.inputs(job, chosen, chosen.ranges) if chosen else (),
            validation=calibrate.validation(job, chosen) if chosen and exporter.validates else None,
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


def _refuse(job: ArtifactJob, step: str, needs: Memory | None, previous: Path | None) -> None:
    """Raise Unsupported where the step would take more memory than is free.

    Its parameters' bytes are known from the step before, or from the weights; else nothing is refused.
    """
    if needs is None:
        return
    model = job.case.model
    known = None if previous is None else read_note(previous).parameters
    loader = registry.load("model", model.loader)()
    weights = loader.parameter_bytes(model) if known is None else 4 * known
    if weights is None:
        return
    wanted = needs.bytes(weights, job.case.protocol.batch_size * prod(job.size))
    free = machine.available()
    if wanted > free:
        raise Unsupported(
            f"The step {step!r} would need about {wanted / machine.GB:.1f} GB of memory, and "
            f"{free / machine.GB:.1f} GB are free.",
            "Close other programs, or make the artifact on a machine with more.",
        )
