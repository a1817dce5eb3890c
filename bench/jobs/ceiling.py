"""Measuring what a machine itself can do."""

from __future__ import annotations

from bench.jobs.base import Job, Report
from bench.record.ceiling import Ceiling


class CeilingReport(Report):
    """Products a second in each precision, and the memory's bandwidth."""

    ceiling: Ceiling


class CeilingJob(Job):
    """Measure them on a device with the job's threads."""

    device: str
    """Registered device."""
