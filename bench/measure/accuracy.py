"""One walk over the data set: counts, comparison and picture of every image, as measurements."""

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter

from bench.jobs.base import AccuracyJob, Say
from bench.measure import flips, further, gallery, parity
from bench.measure.pipeline import Finish, Maker, Pipeline
from bench.measure.session import EvalSetup, LoadedCase
from bench.record.counts import RunTimes
from bench.record.parity import ParityMeasurement
from bench.record.result import Measurement
from bench.record.store import write_arrays
from bench.tasks.base import Tally
from bench.transforms.base import Outputs

MEASUREMENT: TypeAdapter[Measurement] = TypeAdapter(Measurement)


@dataclass(frozen=True)
class Counted:
    """What one image's outputs gave."""

    tally: dict[str, NDArray[Any]]
    classified: int
    """Pixels that were predicted as any class."""
    compared: parity.Compared | None
    """With the reference; None without a reference, or if it didn't reach the image."""
    picture: tuple[int, NDArray[np.uint8], Any, Any] | None
    """Index, image, truth and prediction (the set's classes), where the card shows it."""
    further: dict[str, Tally] = field(default_factory=dict)
    """Measurement's kind -> what the protocol asks to be counted beside the tally."""


@dataclass
class Pass:
    """What one walk found, in the order of the images."""

    counted: list[Any] = field(default_factory=list)
    """What was made of each image's outputs: `Counted` in the accuracy pass."""
    forward_ns: list[int] = field(default_factory=list)
    wall_ns: int = 0
    indices: list[int] = field(default_factory=list)
    """Images that were seen, by position in the set."""


def counting(setup: EvalSetup, reference: str | None) -> Finish:
    """Function from an image's outputs to `Counted`; `reference` is the folder of the reference's."""
    case, task = setup.case, setup.task
    raw = case.protocol.parity_images

    def counted(index: int, image: NDArray[np.uint8], outputs: Outputs) -> Counted:
        found = setup.predict(outputs, image.shape[:2])
        prediction = task.mapped(found, setup.to_dataset)
        truth = task.truth(setup.images, index)
        inside = setup.images.instances(index) if task.instances else None
        shown = not case.model.unjudged and index < case.protocol.gallery_images
        return Counted(
            tally=task.tally(truth, prediction, case.dataset, inside),
            classified=task.classified(prediction),
            compared=parity.compare(
                task,
                Path(reference),
                index,
                found,
                outputs if index < raw else None,
                flips=not case.model.unjudged,
            )
            if reference
            else None,
            picture=(index, image, truth, prediction) if shown else None,
            further=further.counted(setup, outputs, truth, prediction),
        )

    return counted


def walk(loaded: LoadedCase, say: Say, reference: Path | None) -> Pass:
    """Accuracy pass over the first `loaded.count` images; `reference`: folder of the reference's."""
    return through(loaded, counting, str(reference) if reference else None, say, "accuracy")


def through(loaded: LoadedCase, maker: Maker, folder: str | None, say: Say, phase: str) -> Pass:
    """Pass over the first `loaded.count` images, or the job's shard of them, until the time limit."""
    found = Pass()
    limit = loaded.case.protocol.accuracy_limit_s
    began = time.monotonic_ns()
    with Pipeline(loaded, maker, folder) as line:
        for indices, x in line.batches():
            outputs, took = loaded.passes(x)
            line.give(indices, outputs)
            found.forward_ns += [took // len(indices)] * len(indices)
            found.indices += indices
            say(phase, len(found.indices), line.images)
            if limit is not None and time.monotonic_ns() - began > limit * 1e9:
                break
        found.counted = list(line.results())
    found.wall_ns = time.monotonic_ns() - began
    return found


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
    asked = [c.further for c in found.counted]
    beside = further.measured(asked, seen, plain=loaded.geometry.plain)
    differing = _flips(job, loaded, found)
    return [times, *stored(folder, case.id, chain(measured, beside, differing))]


def _flips(
    job: AccuracyJob, loaded: LoadedCase, found: Pass
) -> Iterator[tuple[dict[str, Any], Mapping[str, NDArray[Any]]]]:
    """Labels that differ from the reference's, where it left any of trained weights."""
    cells = [None if c.compared is None else c.compared.flips for c in found.counted]
    if any(c is not None for c in cells):
        images = tuple(loaded.images.names[i] for i in found.indices)
        of = {"reference": job.case.reference.slug, "classes": job.case.model.classes}
        yield {"kind": "flips", "images": images, **of}, flips.arrays(cells)


def stored(
    folder: Path, case: str, measured: Iterable[tuple[dict[str, Any], Mapping[str, NDArray[Any]]]]
) -> Iterator[Measurement]:
    """Measurements of a task, their arrays now files of the folder."""
    for fields, arrays in measured:
        kind = fields["kind"] if fields["kind"] != "extra" else fields["name"]
        file = write_arrays(folder, case, kind, arrays)
        yield MEASUREMENT.validate_python({**fields, "arrays": file})


def beside(job: AccuracyJob, loaded: LoadedCase, found: Pass) -> list[Measurement]:
    """Comparison with the reference, or why it is missing, and the pictures for the card."""
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
