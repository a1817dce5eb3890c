"""Runs of panoptic cases that were never measured: built runs whose counts are of segments."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from bench.record.counts import SegmentsMeasurement
from bench.record.store import Run, read_run, write_arrays
from bench.suite.classes import CITYSCAPES
from bench.tasks.panoptic import FALSE, MATCHED, MISSED, PanopticTask
from tests.builders import Planned, build_run
from tests.gate.planted import rewrite

NAMES = tuple(c.name for c in CITYSCAPES)


def panoptic_run(folder: Path, rows: tuple[Planned, ...], images: int = 24, seed: int = 0) -> Run:
    """Run with one panoptic result a row; a row's `flip` is the share of matches that it loses."""
    run = build_run(folder, rows, images=images, panels=0)
    lost = {row.case.id: row.flip for row in rows}
    for result in run.results:
        old = result.get("confusion")
        if old is None:
            kept = result.measurements
        else:
            share = lost[result.case.id]
            tallies = [tally(np.random.default_rng([seed, i]), share) for i in range(images)]
            seen = {k: getattr(old, k) for k in ("classes", "images", "asked", "groups")}
            ((fields, arrays),) = PanopticTask().measured(tallies, seen)
            file = write_arrays(run.folder / "cases", result.case.id, "segments", arrays)
            kept = (
                SegmentsMeasurement(**fields, arrays=file),
                *(m for m in result.measurements if m.kind not in {"confusion", "instances"}),
            )
        case = result.case.asking(task="panoptic", postprocess="panoptic")
        rewrite(run, result.model_copy(update={"case": case, "measurements": kept}))
    return read_run(run.folder)


def tally(rng: np.random.Generator, lost: float) -> dict[str, np.ndarray]:
    """Counts of one image: ten segments or so, each matched, of which a share is lost."""
    count = int(rng.integers(6, 14))
    classes = rng.integers(0, len(NAMES), count)
    union = rng.integers(40, 900, count)
    part = (union * rng.uniform(0.6, 1.0, count)).astype(np.int64)
    gone = rng.random(count) < 0.1  # in every variant alike
    gone |= rng.random(count) < lost
    both = np.repeat([FALSE, MISSED], int(gone.sum()))
    rows = {
        "class_index": np.concatenate([classes[~gone], classes[gone], classes[gone]]),
        "outcome": np.concatenate([np.full(int((~gone).sum()), MATCHED), both]),
        "intersection": np.concatenate([part[~gone], 0 * both]),
        "union": np.concatenate([union[~gone], 0 * both]),
    }
    return {k: v.astype(np.uint32) for k, v in rows.items()}
