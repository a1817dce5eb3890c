"""Trying whether a batch of a size runs."""

from __future__ import annotations

from bench.jobs.base import Report, SessionJob


class FitsReport(Report):
    """It ran."""

    peak_bytes: int | None
    """What the process held at most; None where nothing tells it."""
    why: str = ""
    """Why there is no peak."""


class FitsJob(SessionJob):
    """Run one batch of the case's size through the whole path."""
