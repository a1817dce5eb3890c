"""Planted losses of accuracy: a recorded run, and copies in which some pixels went wrong."""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bench.gate.judge import judge
from bench.record.base import Record
from bench.record.store import Run, read_run, to_json, write_arrays, write_atomic, write_result
from bench.tasks.base import mean, ratio
from bench.tasks.confusion import from_sparse, to_sparse
from bench.tasks.overlap import parts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from bench.record.result import Result

DROPS = (0.0, 0.005, 0.01, 0.02, 0.05)
"""Of mIoU, fractions."""
BALANCED = 0.02
"""Share of right pixels that half of the images lose where the mean doesn't change."""


class Dropped(Record):
    """What the gate said about copies with one planted drop."""

    case: str
    planted: float
    margin: float
    images: int
    said: dict[str, int]
    """Kind -> copies."""


def judged(source: Path, case_id: str, repeats: int) -> Iterator[Dropped]:
    """Verdicts on mIoU for each planted drop, `repeats` copies each, under the run's own policy."""
    run = read_run(source)
    result = run.get(case_id)
    confusion = result.get("confusion") if result else None
    if result is None or confusion is None:
        raise ValueError(f"{source} has no counts of {case_id}")
    counts = from_sparse(
        run.arrays(confusion.arrays), len(confusion.images), len(confusion.classes)
    )
    with tempfile.TemporaryDirectory() as folder:
        old = _copy(run, result, counts, Path(folder) / "old")
        for drop in DROPS:
            said: Counter[str] = Counter()
            for seed in range(repeats):
                to = Path(folder) / f"new{drop}-{seed}"
                new = _copy(run, result, degraded(counts, drop, seed), to)
                said.update(v.kind for v in judge(new, old, metric="miou").verdicts)
            limit = run.info.gate.limit("miou", case_id)
            yield Dropped(
                case=case_id, planted=drop, margin=limit.bound,
                images=len(confusion.images), said=dict(said),
            )  # fmt: skip


def degraded(counts: NDArray[np.int64], drop: float, seed: int) -> NDArray[np.int64]:
    """Counts (N, C+1, C+1) whose mIoU lies `drop` lower: right pixels moved to other classes.

    Images lose by chance between half and one and a half times the share, as a real fault hits some
    scenes more than others; the share is found by bisection.
    """
    if not drop:
        return balanced(counts, seed)
    wanted, low, high = miou(counts) - drop, 0.0, 0.6
    for _ in range(30):
        share = (low + high) / 2
        low, high = (share, high) if miou(_moved(counts, share, seed)) > wanted else (low, share)
    return _moved(counts, high, seed)


def balanced(counts: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    """Counts (N, C+1, C+1) of the same mIoU: half of the images lost pixels, and the others gained.

    Wrong pixels of the others become right until the mean is back; the share is found by bisection.
    """
    order = np.random.default_rng(seed).permutation(len(counts))
    half, wanted = len(order) // 2, miou(counts)
    lost = counts.copy()
    lost[order[:half]] = _moved(counts[order[:half]], BALANCED, seed)
    low, high = 0.0, 1.0
    for _ in range(30):
        share = (low + high) / 2
        low, high = (
            (share, high) if miou(_mended(lost, share, order[half:])) < wanted else (low, share)
        )
    return _mended(lost, high, order[half:])


def miou(counts: NDArray[np.int64]) -> float:
    """Mean IoU, fraction, of counts (N, C+1, C+1)."""
    hit, union = parts(counts)
    return float(mean(ratio(hit.sum(0).astype(np.float64), union.sum(0).astype(np.float64))))


def _moved(counts: NDArray[np.int64], share: float, seed: int) -> NDArray[np.int64]:
    rng = np.random.default_rng(seed)
    out, classes = counts.copy(), counts.shape[1] - 1
    at = np.arange(classes)
    for image, much in zip(out, share * rng.uniform(0.5, 1.5, len(out)), strict=True):
        gone = (image[at, at] * min(1.0, float(much))).astype(np.int64)
        to = (at + rng.integers(1, classes, classes)) % classes
        image[at, at] -= gone
        image[at, to] += gone
    return out


def _mended(counts: NDArray[np.int64], share: float, which: NDArray[np.int64]) -> NDArray[np.int64]:
    """Counts in which this share of the wrong pixels of some images is right."""
    out, classes = counts.copy(), counts.shape[1] - 1
    at = np.arange(classes)
    for i in which:
        known = out[i, :classes, :classes]
        gone = (known * share).astype(np.int64)
        gone[at, at] = 0
        known -= gone
        known[at, at] += gone.sum(axis=1)
    return out


def _copy(run: Run, result: Result, counts: NDArray[np.int64], to: Path) -> Run:
    """A run with one case and these counts."""
    case_id = result.case.id
    arrays = write_arrays(to / "cases", case_id, "confusion", to_sparse(counts))
    changed = tuple(
        m.model_copy(update={"arrays": arrays}) if m.kind == "confusion" else m
        for m in result.measurements
        if m.kind in {"confusion", "timing"}
    )
    write_atomic(to / "run.json", to_json(run.info.model_copy(update={"plan": (case_id,)})))
    write_result(to, result.model_copy(update={"measurements": changed}))
    return read_run(to)
