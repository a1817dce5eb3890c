"""Tries sizes in processes that may die, and removes the artifacts that only the tries needed."""

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

from bench import cachedir
from bench.jobs.measure import FitsJob
from bench.plan import keys, largest
from bench.plan.graph import Graph, Prepared, sized
from bench.plan.setting import StepFailed
from bench.plan.walk import Walk
from bench.record.memory import FitsMeasurement
from bench.record.result import Failure

ROOM = 0.8
"""Share of the memory that a sought batch may take: the row's process holds images, counts and a second
input, too, and a runtime's arena may grow by doubling."""


def graph(walk: Walk, place: str) -> Graph:
    """The steps of a place, which seek the largest batch where a protocol asks for it."""
    return Graph(walk, place, largest_batch)


def what_fits(of: Graph, made: Prepared) -> FitsMeasurement:
    """What fits under each of the protocol's limits."""
    with _search(of, made) as search:
        return search.measured()


def largest_batch(of: Graph, made: Prepared) -> int:
    """Images of the largest batch that runs in the target's memory; sought once, then remembered.

    Raises:
        StepFailed: not even one image fits.
    """
    gb, setting = made.case.target.memory_limit_gb, of.walk.setting

    def seek(_: Path) -> dict[str, int]:
        of.walk.listener.step(made.case, "seeking the largest batch")
        with _search(of, made) as search:
            if search.job.memory_limit_bytes is not None:
                less = {"memory_limit_bytes": int(ROOM * search.job.memory_limit_bytes)}
                search.job = search.job.model_copy(update=less)
            found = search.batch(gb or 0, ROOM)
            if found is None:
                raise _none(search.outcome((1, *made.size)), gb)
            return {"batch_size": found}

    digest = keys.batch_digest(made.case, made.size, of.told.machine.identity)
    folder = setting.cache / "batches" / digest[:24]
    if setting.fresh:
        shutil.rmtree(folder, ignore_errors=True)
    return int(cachedir.make(folder, seek)["batch_size"])


def _none(one: largest.Tried, gb: float | None) -> StepFailed:
    if one.lived or one.starved:
        have = "the machine has" if gb is None else f"memory_limit_gb = {gb:g} leaves"
        message = f"Not even one image fits into the memory that {have}."
        return StepFailed(Failure(step="fits", type="out of memory", message=message))
    why = Failure(step="fits", type="no batch", message=one.why)
    return StepFailed(why, skipped=one.skipped)


@contextlib.contextmanager
def _search(of: Graph, made: Prepared) -> Iterator[largest.Search]:
    """A search at a place; the artifacts that it made are gone afterwards."""
    # A walk of its own, because what it remembers as made is gone afterwards.
    walk = Walk(of.walk.setting, of.walk.listener, of.walk.executor)
    apart = Graph(walk, of.place, largest_batch, guarded=True)

    def export(batch: int, height: int, width: int) -> str | None:
        case = made.case.asking(batch_size=batch, height=height, width=width)
        return walk.result(apart.opened(sized(case, made.data))).artifact

    try:
        yield largest.Search(
            apart.session(FitsJob, made),
            lambda job: walk.do(job, made.case, of.place),
            export,
            walk.probe(of.place),
        )
    finally:
        names = [cachedir.artifact(Path(), digest).as_posix() for digest in walk.made]
        walk.executor.drop(names, of.place)
