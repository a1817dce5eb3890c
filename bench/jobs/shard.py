"""Measuring the accuracy of a part of a case's images."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from bench.jobs.base import AccuracyJob, Report
from bench.record.result import Measurement


class ShardReport(Report):
    """As a case's, of some images; its arrays and pictures come beside it."""

    shard: tuple[int, int]
    """Which part, 0 first, and of how many."""
    indices: tuple[int, ...]
    """Positions in the set of the images that were seen ..."""
    images: tuple[str, ...]
    """... and their names."""
    asked: int
    """Images of all shards together."""
    measurements: tuple[Measurement, ...]
    effective: dict[str, str]
    """What the runtime says that it did."""
    weights: dict[str, Any]
    """Parameters and bytes, where the session counts them."""
    times: dict[str, float]
    """Seconds of import, load, accuracy and timing (0)."""


class ShardJob(AccuracyJob):
    """Accuracy and parity of one shard."""

    report: ClassVar[type[Report]] = ShardReport

    step: Literal["shard"] = "shard"
    shard: tuple[int, int]

    @property
    def log(self) -> str:
        """A log a shard."""
        return f"{self.shard[0]}.shard"
