"""Measuring the accuracy of a part of a case's images."""

from __future__ import annotations

from typing import Any

from bench.jobs.base import AccuracyJob, SessionReport
from bench.record.result import Measurement


class ShardReport(SessionReport):
    """As a case's, of some of its images."""

    measurements: tuple[Measurement, ...]
    weights: dict[str, Any]
    """Parameters and bytes, where the session counts them."""
    asked: int
    """Images of all shards together."""
    shard: tuple[int, int]
    """Which part, 0 first, and of how many."""
    indices: tuple[int, ...]
    """Positions in the set of the images that were seen ..."""
    images: tuple[str, ...]
    """... and their names."""


class ShardJob(AccuracyJob):
    """Accuracy and parity of one shard."""

    shard: tuple[int, int]

    @property
    def log(self) -> str:
        """A log a shard."""
        return f"{self.shard[0]}.shard"
