"""Measures one case on one loaded session: accuracy, parity, the first launch of latency, memory."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.measure import accuracy, gallery, memory, performance
from bench.measure.parity import ParityCounter
from bench.measure.session import load_case
from bench.metrics import confusion, instances
from bench.record.confusion import ConfusionMeasurement, InstanceMeasurement, RunTimes
from bench.record.memory import MemoryMeasurement
from bench.record.parity import ParityMeasurement
from bench.record.store import write_arrays

if TYPE_CHECKING:
    from bench.jobs.base import Job
    from bench.measure.accuracy import Pass
    from bench.measure.progress import Say
    from bench.measure.session import LoadedCase, Opening
    from bench.record.base import Absent, Record


def run(job: Job, say: Say) -> dict[str, Any]:
    """`measurements`, `times` in seconds, `effective` settings and `weights` of the session."""
    born = memory.resident()
    say("load", 0, 1)
    loaded, opening = load_case(job, job.case.variant)
    pss = memory.pss()
    counter = None
    if job.reference is not None:
        counter = ParityCounter(Path(job.reference), job.case.protocol.parity_images)
    began = time.monotonic()
    found = accuracy.walk(loaded, say, counter)
    walked = time.monotonic()
    names = loaded.images.names
    measurements: list[Record] = _counts(job, loaded, found)
    if not job.case.protocol.corruption:  # a corrupted image costs what the clean one does
        # The peak is the model's: what parity and counting held beside it doesn't count.
        memory.reset_peak()
        timing = performance.measure(loaded, say, poller=job.poller)
        measurements += [timing, _memory(loaded, opening, born, pss)]
    timed = time.monotonic()
    measurements.append(_parity(job, counter, names))
    if found.pictures:
        measurements.append(gallery.panels(Path(job.run) / "media", found.pictures, names))
    effective, weights = dict(loaded.session.effective), dict(loaded.session.weights)
    loaded.session.close()
    return {
        "measurements": [m.model_dump(mode="json") for m in measurements],
        "effective": effective,
        "weights": weights,
        "seen": found.seen,
        "asked": loaded.count,
        "times": {
            "import_s": opening.import_s,
            "load_s": opening.load_s,
            "accuracy_s": walked - began,
            "timing_s": timed - walked,
        },
    }


def _memory(
    loaded: LoadedCase, opening: Opening, born: int, pss: int | Absent
) -> MemoryMeasurement:
    """Memory by kind, read right after the timing."""
    return MemoryMeasurement(
        values={
            "rss_start": born,
            "rss_before_load": opening.rss_before,
            "rss_after_load": opening.rss_after,
            "rss_peak": memory.peak(),
            "pss_after_load": pss,
            "pss_after_run": memory.pss(),
            **loaded.device.memory(),
        }
    )


def _counts(job: Job, loaded: LoadedCase, found: Pass) -> list[Record]:
    """Confusion counts, instance counts and forward times, arrays written beside the record."""
    folder, case = Path(job.run) / "cases", job.case
    classes = case.dataset.classes
    names = loaded.images.names[: found.seen]
    stacked = confusion.stack(found.counts, len(classes))
    out: list[Record] = [
        ConfusionMeasurement(
            classes=classes,
            images=names,
            asked=loaded.count,
            groups=loaded.images.groups[: found.seen],
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


def _parity(job: Job, counter: ParityCounter | None, names: tuple[str, ...]) -> ParityMeasurement:
    """Raw sums, or why there are none."""
    slug = job.case.reference.slug
    if counter is None:
        return ParityMeasurement(reference=slug, images=(), absent=job.reference_absent)
    return counter.measurement(slug, names)
