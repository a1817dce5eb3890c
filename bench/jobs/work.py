"""Counting a model's work."""

from __future__ import annotations

from bench.jobs.base import Report, SessionJob
from bench.record.work import ComponentMeasurement, WorkMeasurement


class WorkReport(Report):
    """What a call has to do, and what its parts take."""

    work: WorkMeasurement
    components: ComponentMeasurement


class WorkJob(SessionJob):
    """Count the work of a call, and time the model's parts."""
