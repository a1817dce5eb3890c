"""Memory by kind, bytes; and the largest batch and image that run under a limit of memory."""

from typing import Literal

from pydantic import Field

from bench.record.base import Absent, Measured, Record

KINDS = (
    "rss_start", "rss_before_load", "rss_after_load", "rss_peak", "pss_after_load", "pss_after_run",
    "gpu_allocated_peak", "gpu_reserved_peak", "gpu_process",
)  # fmt: skip
"""What is recorded; `bench/metrics/catalog/metrics.toml` defines each."""
DIFFERENCES: dict[str, tuple[str, str]] = {
    "rss_added_by_load": ("rss_after_load", "rss_before_load"),
    "rss_added_by_run": ("rss_peak", "rss_after_load"),
}
"""Derived kind -> the two that it is the difference of, first minus second."""


class MemoryMeasurement(Measured):
    """Kind -> bytes, or why it is missing."""

    kind: Literal["memory"] = "memory"
    values: dict[str, int | Absent] = Field(default_factory=dict)


class Try(Record):
    """One process at one size."""

    batch_size: int
    height: int
    width: int
    fits: bool
    peak_bytes: int | None = None
    """Highest memory of the process, where it lived to tell."""
    why: str = ""
    """How it ended, where it doesn't fit."""


class Fit(Record):
    """What fits under one limit."""

    limit_bytes: int
    memory: Literal["main", "gpu"]
    largest_batch: int | None = None
    """At the case's image size; None with a reason where not even one image fits."""
    largest_image: tuple[int, int] | None = None
    """Height and width at batch size 1, in the case's aspect."""
    batch_bound: bool = False
    """The search ended at its own largest batch, not at the memory's."""
    image_bound: bool = False
    reason: str = ""
    tries: tuple[Try, ...] = ()


class FitsMeasurement(Measured):
    """Kind of limit -> what fits."""

    kind: Literal["fits"] = "fits"
    fits: tuple[Fit, ...] = ()
    absent: str = ""
