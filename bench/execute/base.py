"""What every executor offers: it does jobs at places, one process a job.

A place is a machine, or a part of one, with a cache of its own. What a job reads or makes in a cache
it names by digest (`bench.cachedir`), so that the same job means the same at every place.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from bench.jobs.base import Job, Report, Say
from bench.record.result import Failure


@dataclass(frozen=True)
class Outcome:
    """How a job ended: with a report, or with the failure that prevented it."""

    report: Report | None = None
    failure: Failure | None = None
    skipped: bool = False
    """The place's machine or installation can't: its case is a `skipped` row, not a failed one."""
    lost: bool = False
    """The place or the process was taken away, so that the job may be done again, also elsewhere."""
    files: Mapping[str, bytes] = field(default_factory=dict)
    """Arrays and pictures of the report: name below the run's folder -> content."""
    startup_s: float = 0.0
    """From the start of the process to the worker's first line of work."""
    wall_s: float = 0.0
    """All of it, as the executor saw it."""


@dataclass(frozen=True)
class Capabilities:
    """Where jobs can be done, and how many at a time."""

    places: tuple[str, ...] = ("here",)
    """Names, in order of preference."""
    refused: Mapping[str, str] = field(default_factory=dict)
    """Names of places that can't be used -> in what they differ from this machine."""
    prepares: Mapping[str, int] = field(default_factory=dict)
    """Place -> threads of the jobs of kind `prepare` that may run side by side there; else one job.
    A job of kind `measure` has its place to itself: whoever submits jobs sees to that."""


class Executor(Protocol):
    """Does jobs."""

    def capabilities(self) -> Capabilities:
        """Places, and jobs at a time; unless overridden this machine, one job at a time."""
        return Capabilities()

    def submit(
        self, job: Job, *, place: str, timeout_s: float, log: Path, progress: Say
    ) -> Future[Outcome]:
        """Outcome to come; it may be there already when this returns.

        An expected end (a crash, a hang, an error of the step) is an Outcome; the future raises only
        where the executor itself is broken.

        The job's process is killed after `timeout_s`. Its standard error goes to `log`, a file of the
        caller's machine; `progress` is called with what it says, from any thread.
        """

    def stands(self, job: Job, place: str) -> Report | None:
        """Report of a job whose result lies in the place's cache; None = submit it to find out."""

    def drop(self, names: Sequence[str], place: str) -> None:
        """Remove folders from the place's cache; names are relative to it."""

    def close(self) -> None:
        """End whatever still runs."""
