"""What a pass over the data set found, as measurements of the record."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from numpy.typing import NDArray
from pydantic import TypeAdapter

from bench.jobs.base import AccuracyJob
from bench.measure import gallery, parity
from bench.measure.accuracy import Pass
from bench.measure.session import LoadedCase
from bench.record.counts import RunTimes
from bench.record.parity import ParityMeasurement
from bench.record.result import Measurement
from bench.record.store import write_arrays

MEASUREMENT: TypeAdapter[Measurement] = TypeAdapter(Measurement)


def counts(job: AccuracyJob, loaded: LoadedCase, found: Pass) -> list[Measurement]:
    """Counts of the case's task and forward times, arrays written beside the record."""
    folder, case, groups = job.beside / "cases", job.case, loaded.images.groups
    seen = {
        "classes": case.dataset.classes,
        "images": tuple(loaded.images.names[i] for i in found.indices),
        "asked": loaded.count,
        "groups": tuple(groups[i] for i in found.indices) if groups else (),
        "classified": tuple(c.classified for c in found.counted),
    }
    times = RunTimes(forward_ns=tuple(found.forward_ns), wall_ns=found.wall_ns)
    measured = loaded.task.measured([c.tally for c in found.counted], seen)
    return [times, *stored(folder, case.id, measured)]


def stored(
    folder: Path, case: str, measured: Iterable[tuple[dict[str, Any], Mapping[str, NDArray[Any]]]]
) -> Iterator[Measurement]:
    """Measurements of a task, their arrays now files of the folder."""
    for fields, arrays in measured:
        kind = fields["kind"] if fields["kind"] != "extra" else fields["name"]
        file = write_arrays(folder, case, kind, arrays)
        yield MEASUREMENT.validate_python({**fields, "arrays": file})


def beside(job: AccuracyJob, loaded: LoadedCase, found: Pass) -> list[Measurement]:
    """Comparison with the reference, or why there is none, and the pictures for the card."""
    slug, names = job.case.reference.slug, loaded.images.names
    compared = [c.compared for c in found.counted if c.compared is not None]
    out: list[Measurement] = [
        ParityMeasurement(reference=slug, images=(), absent=job.reference_absent)
        if job.reference is None
        else parity.measurement(slug, names, compared)
    ]
    pictures = [c.picture for c in found.counted if c.picture is not None]
    if pictures:
        out.append(gallery.panels(job.beside / "media", loaded.task, pictures, names))
    return out
