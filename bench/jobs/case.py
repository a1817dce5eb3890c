"""Measuring a case."""

from __future__ import annotations

from typing import Any

from bench.jobs.base import AccuracyJob, SessionReport
from bench.record.result import Measurement


class CaseReport(SessionReport):
    """Accuracy, parity, the first launch of latency, and memory; arrays come beside it."""

    measurements: tuple[Measurement, ...]
    weights: dict[str, Any]
    """Parameters and bytes, where the session counts them."""
    seen: int
    """Images of the accuracy pass ..."""
    asked: int
    """... of so many."""


class CaseJob(AccuracyJob):
    """Measure all of it in one session."""

    sharded: bool = False
    """Jobs of their own count the accuracy, so that this one times only."""
    poller: bool = False
    """Measure what the readings beside the samples cost."""
