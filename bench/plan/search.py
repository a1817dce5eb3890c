"""Looks for what fits in processes that may die; artifacts that only the search needed go again."""

from __future__ import annotations

import contextlib
import shutil
from typing import TYPE_CHECKING

from bench import cachedir
from bench.plan import fits, keys
from bench.plan.setting import StepFailed
from bench.record.result import Failure

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bench.jobs.base import Job
    from bench.plan.prepare import Prepared, Preparer
    from bench.record.fits import FitsMeasurement

ROOM = 0.8
"""Share of the memory that a sought batch may take: the row's process holds images, counts and a second
input, too, and a runtime's arena may grow by doubling."""


def what_fits(made: Prepared, preparer: Preparer) -> FitsMeasurement:
    """What fits under each of the protocol's limits."""
    with _processes(made, preparer) as (job, start, export):
        return fits.measure(made.ran, job, start, export)


def largest_batch(made: Prepared, preparer: Preparer) -> int:
    """Images of the largest batch that runs in the target's memory; sought once, then remembered.

    Raises:
        StepFailed: not even one image fits.
    """
    gib = made.case.target.memory_limit_gb

    def seek(_: Path) -> dict[str, int]:
        preparer.listener.step(made.case, "seeking the largest batch")
        with _processes(made, preparer) as (job, start, export):
            tried = job
            if job.memory_limit_bytes is not None:
                less = {"memory_limit_bytes": int(ROOM * job.memory_limit_bytes)}
                tried = job.model_copy(update=less)
            search = fits.Search(made.ran, tried, start, export)
            found = search.batch(gib or 0, ROOM)
            if found is None:
                failure, skipped = _none(search.outcome((1, *made.size)), gib)
                raise StepFailed(failure, skipped=skipped)
            return {"batch_size": found}

    digest = keys.batch_digest(made.case, made.size)
    folder = preparer.setting.cache / "batches" / digest[:24]
    if preparer.setting.fresh:
        shutil.rmtree(folder, ignore_errors=True)
    return int(cachedir.make(folder, seek)["batch_size"])


def _none(one: fits.Outcome, gib: float | None) -> tuple[Failure, bool]:
    """Why not even one image runs, and whether nothing else would here."""
    if one.lived or one.starved:
        have = "the machine has" if gib is None else f"memory_limit_gb = {gib:g} leaves"
        message = f"Not even one image fits into the memory that {have}."
        return Failure(step="fits", type="out of memory", message=message), False
    return Failure(step="fits", type="no batch", message=one.why), one.skipped


@contextlib.contextmanager
def _processes(made: Prepared, preparer: Preparer) -> Iterator[tuple[Job, fits.Start, fits.Export]]:
    """Job of a try, and who runs it and exports for it."""
    # A memory of its own, because what it remembers as made is gone afterwards.
    searcher = preparer.apart()
    new: list[Path] = []

    def export(batch: int, height: int, width: int) -> str | None:
        case = made.case.asking(batch_size=batch)
        size = (height, width)
        chain = searcher.chain(case, case.variant, size, made.data)
        new.extend(folder for folder in chain if cachedir.made(folder) is None)
        folder = searcher.artifact(case, case.variant, size, made.data)
        return None if folder is None else str(folder)

    limit = made.case.protocol.timeout_s
    job = searcher.session("fits", made)
    try:
        yield job, lambda j: searcher.attempt(j, limit), export
    finally:
        for folder in new:
            shutil.rmtree(folder, ignore_errors=True)
