"""The largest batch and image that run under a limit of memory, found in processes that may die."""

from __future__ import annotations

from typing import Literal

from bench.record.base import Record


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


class FitsMeasurement(Record):
    """Kind of limit -> what fits."""

    kind: Literal["fits"] = "fits"
    version: int = 1
    fits: tuple[Fit, ...] = ()
    absent: str = ""
