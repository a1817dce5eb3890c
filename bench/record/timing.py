"""Latency samples, all of them, in nanoseconds."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from bench.record.base import Record

PHASES = ("decode", "preprocess", "copy_in", "forward", "copy_out", "postprocess")


class Launch(Record):
    """One process's samples; every list has one entry an iteration, in order."""

    warmup_ns: tuple[int, ...] = ()
    """End-to-end times of the untimed first calls."""
    phases_ns: dict[str, tuple[int, ...]] = Field(default_factory=dict)
    """Phase -> times: decode, preprocess, copy_in, forward, copy_out, postprocess."""
    end_to_end_ns: tuple[int, ...] = ()
    """Measured independently, around all phases of the iteration."""
    stopped: str = ""
    """Why the loop ended: `iterations` or `time limit`."""


class TimingMeasurement(Record):
    """Latency under one timing fingerprint."""

    kind: Literal["timing"] = "timing"
    version: int = 1
    batch_size: int = 1
    launches: tuple[Launch, ...]
