"""A later launch of a case."""

from __future__ import annotations

from typing import ClassVar, Literal

from bench.jobs.base import Report, SessionJob
from bench.record.timing import Launch


class TimingReport(Report):
    """One process's samples."""

    launch: Launch
    effective: dict[str, str]
    """What the runtime says that it did."""
    times: dict[str, float]
    """Seconds of import, load and timing."""


class TimingJob(SessionJob):
    """The same session and timing in a fresh process, without accuracy."""

    report: ClassVar[type[Report]] = TimingReport

    step: Literal["timing"] = "timing"

    @property
    def log(self) -> str:
        """A log a launch."""
        return f"{self.launch}.timing"
