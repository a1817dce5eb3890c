"""What a pass over the data set found, as measurements of the record."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bench.measure import gallery
from bench.measure.parity import ParityCounter
from bench.metrics import confusion, instances
from bench.record.confusion import ConfusionMeasurement, InstanceMeasurement, RunTimes
from bench.record.parity import ParityMeasurement
from bench.record.store import write_arrays

if TYPE_CHECKING:
    from bench.jobs.base import Job
    from bench.measure.accuracy import Pass
    from bench.measure.session import LoadedCase
    from bench.record.base import Record


def counter(job: Job) -> ParityCounter | None:
    """What compares with the reference's outputs; None where there are none."""
    if job.reference is None:
        return None
    return ParityCounter(Path(job.reference), job.case.protocol.parity_images)


def counts(job: Job, loaded: LoadedCase, found: Pass) -> list[Record]:
    """Confusion counts, instance counts and forward times, arrays written beside the record."""
    folder, case = Path(job.run) / "cases", job.case
    classes = case.dataset.classes
    names = tuple(loaded.images.names[i] for i in found.indices)
    groups = loaded.images.groups
    stacked = confusion.stack(found.counts, len(classes))
    out: list[Record] = [
        ConfusionMeasurement(
            classes=classes,
            images=names,
            asked=loaded.count,
            groups=tuple(groups[i] for i in found.indices) if groups else (),
            classified=tuple(int(c[:, :-1].sum()) for c in found.counts),
            arrays=write_arrays(folder, case.id, "confusion", confusion.to_sparse(stacked)),
        ),
        RunTimes(forward_ns=tuple(found.forward_ns), wall_ns=found.wall_ns),
    ]
    if found.instances:
        arrays = instances.stack(found.instances)
        out.append(
            InstanceMeasurement(
                classes=classes,
                images=names,
                arrays=write_arrays(folder, case.id, "instances", arrays),
            )
        )
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
        out.append(gallery.panels(media, found.pictures, loaded.images.names))
    return out
