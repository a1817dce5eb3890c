"""What a pass over the data set found, as measurements of the record."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import TypeAdapter

from bench.measure import gallery
from bench.measure.parity import ParityCounter
from bench.record.confusion import RunTimes
from bench.record.parity import ParityMeasurement
from bench.record.result import Measurement
from bench.record.store import write_arrays
from bench.tasks.base import task_of

if TYPE_CHECKING:
    from bench.jobs.base import AccuracyJob
    from bench.measure.accuracy import Pass
    from bench.measure.session import LoadedCase

MEASUREMENT: TypeAdapter[Measurement] = TypeAdapter(Measurement)


def counter(job: AccuracyJob) -> ParityCounter | None:
    """What compares with the reference's outputs; None where there are none."""
    folder = job.reference_folder
    if folder is None:
        return None
    return ParityCounter(folder, job.case.protocol.parity_images, task_of(job.case))


def counts(job: AccuracyJob, loaded: LoadedCase, found: Pass) -> list[Measurement]:
    """Counts of the case's task and forward times, arrays written beside the record."""
    folder, case, groups = job.beside / "cases", job.case, loaded.images.groups
    seen = {
        "classes": case.dataset.classes,
        "images": tuple(loaded.images.names[i] for i in found.indices),
        "asked": loaded.count,
        "groups": tuple(groups[i] for i in found.indices) if groups else (),
        "classified": tuple(found.classified),
    }
    out: list[Measurement] = [RunTimes(forward_ns=tuple(found.forward_ns), wall_ns=found.wall_ns)]
    for fields, arrays in loaded.task.measured(found.tallies, seen):
        kind = fields["kind"] if fields["kind"] != "extra" else fields["name"]
        file = write_arrays(folder, case.id, kind, arrays)
        out.append(MEASUREMENT.validate_python({**fields, "arrays": file}))
    return out


def beside(
    job: AccuracyJob, loaded: LoadedCase, found: Pass, compared: ParityCounter | None
) -> list[Measurement]:
    """Comparison with the reference, or why there is none, and the pictures for the card."""
    slug = job.case.reference.slug
    out: list[Measurement] = [
        ParityMeasurement(reference=slug, images=(), absent=job.reference_absent)
        if compared is None
        else compared.measurement(slug, loaded.images.names)
    ]
    if found.pictures:
        media = job.beside / "media"
        out.append(gallery.panels(media, loaded.task, found.pictures, loaded.images.names))
    return out
