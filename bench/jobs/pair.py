"""One side of a live pair."""

from __future__ import annotations

from pydantic import Field

from bench.jobs.base import Report, SessionJob


class PairReport(Report):
    """Its samples."""

    bursts_ns: tuple[tuple[int, ...], ...]
    """Nanoseconds of every burst's iterations, end to end."""
    effective: dict[str, str] = Field(default_factory=dict)
    """What the runtime says that it did."""


class PairJob(SessionJob):
    """Hold a warm session, and run a burst whenever told to."""

    planted: float = 0.0
    """A study's artificial slow-down: 0.05 = 5 %."""
