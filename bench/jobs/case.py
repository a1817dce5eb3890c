"""Measuring a case."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from bench.jobs.base import AccuracyJob, Report
from bench.record.result import Measurement


class CaseReport(Report):
    """What was measured; its arrays and pictures come beside it."""

    measurements: tuple[Measurement, ...]
    effective: dict[str, str]
    """What the runtime says that it did."""
    weights: dict[str, Any]
    """Parameters and bytes, where the session counts them."""
    seen: int
    """Images of the accuracy pass ..."""
    asked: int
    """... of so many."""
    times: dict[str, float]
    """Seconds of import, load, accuracy and timing."""


class CaseJob(AccuracyJob):
    """Accuracy, parity, the first launch of latency, and memory, in one session."""

    report: ClassVar[type[Report]] = CaseReport

    step: Literal["case"] = "case"
    sharded: bool = False
    """Jobs of their own count the accuracy, so that this one times only."""
    poller: bool = False
    """Measure what the readings beside the samples cost."""
