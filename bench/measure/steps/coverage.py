"""Tells how much of a quantized artifact runs in int8: weights, multiply-accumulates and time."""

import importlib
from typing import Any

from bench import registry
from bench.exporters.notes import read_note
from bench.jobs.base import Say
from bench.jobs.measure import CoverageJob, CoverageReport
from bench.measure.coverage.base import summed
from bench.measure.session import load_case
from bench.record.coverage import CoverageMeasurement


def run(job: CoverageJob, say: Say) -> CoverageReport:
    """Coverage of the case's artifact, or why the runtime doesn't tell it."""
    say("coverage", 0, 1)
    return CoverageReport(coverage=_measured(job))


def _measured(job: CoverageJob) -> CoverageMeasurement:
    backend, folder = job.case.variant.backend, job.folder
    name = registry.load("backend", backend).profile
    if not name or folder is None:
        reason = f"{backend} doesn't tell the precision and time of each operator"
        return CoverageMeasurement(absent=reason)
    if not registry.load("device", job.case.target.device).on_cores:
        reason = (
            "on a GPU a profiler of the processor times the launch of an operator, not its work"
        )
        return CoverageMeasurement(absent=reason)
    leaf: Any = importlib.import_module(f"bench.measure.coverage.{name}")
    note = read_note(folder)
    loaded, _ = load_case(job, job.case.variant)
    x = loaded.session.copy_in(loaded.load(0)[1][:1].repeat(job.case.protocol.batch_size, axis=0))
    file = folder / note.model
    integers, rest = leaf.integers(file)
    return CoverageMeasurement(
        operators=summed(leaf.operators(job, loaded, file, x)),
        integers=integers,
        weights=note.parameters or rest + sum(integers.values()),
        how=leaf.HOW,
    )
