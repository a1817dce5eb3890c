"""What a pass over the data set found, as measurements of the record."""

from __future__ import annotations

from pathlib import Path
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
    from bench.jobs.base import Job
    from bench.measure.accuracy import Pass
    from bench.measure.session import LoadedCase
    from bench.record.base import Record

MEASUREMENT: TypeAdapter[Record] = TypeAdapter(Measurement)


def counter(job: Job) -> ParityCounter | None:
    """What compares with the reference's outputs; None where there are none."""
    if job.reference is None:
        return None
    images = job.case.protocol.parity_images
    return ParityCounter(Path(job.reference), images, task_of(job.case))


def counts(job: Job, loaded: LoadedCase, found: Pass) -> list[Record]:
    """Counts of the case's task and forward times, arrays written beside the record."""
    folder, case, groups = Path(job.run) / "cases", job.case, loaded.images.groups
    seen = {
        "classes": case.dataset.classes,
        "images": tuple(loaded.images.names[i] for i in found.indices),
        "asked": loaded.count,
        "groups": tuple(groups[i] for i in found.indices) if groups else (),
    }
    out: list[Record] = [RunTimes(forward_ns=tuple(found.forward_ns), wall_ns=found.wall_ns)]
    for fields, arrays in loaded.task.measured(found.tallies, seen):
        kind = fields["kind"] if fields["kind"] != "extra" else fields["name"]
        file = write_arrays(folder, case.id, kind, arrays)
        out.append(MEASUREMENT.validate_python({**fields, "arrays": file}))
    return out


def beside(
    job: Job, loaded: LoadedCase, found: Pass, compared: ParityCounter | None
) -> list[Record]:
    """Comparison with the reference, or why there is none, and the pictures for the card."""
    slug = job.case.reference.slug
    out: list[Record] = [
        ParityMeasurement(reference=slug, images=(), absent=job.reference_absent)
        if compared is None
        else compared.measurement(slug, loaded.images.names)
    ]
    if found.pictures:
        media = Path(job.run) / "media"
        out.append(gallery.panels(media, loaded.task, found.pictures, loaded.images.names))
    return out
