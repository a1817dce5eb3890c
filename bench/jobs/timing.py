"""A later launch of a case."""

from __future__ import annotations

from bench.jobs.base import SessionJob, SessionReport
from bench.record.timing import Launch


class TimingReport(SessionReport):
    """One process's samples."""

    launch: Launch


class TimingJob(SessionJob):
    """The same session and timing in a fresh process, without accuracy."""

    @property
    def log(self) -> str:
        """A log a launch."""
        return f"{self.launch}.timing"
