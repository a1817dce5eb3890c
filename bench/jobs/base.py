"""What crosses the border between the parent and a worker: a job in, a report out, both JSON."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from bench.suite.base import Spec
from bench.suite.case import Case

UNWRITTEN = 74
"""Exit status (EX_IOERR of sysexits.h) of a worker whose report can't be written."""
GUARD = "memory guard:"
"""First words on stderr of a worker that ends itself before the machine runs out of memory."""
StepKind = Literal[
    "weights",
    "dataset",
    "artifact",
    "reference",
    "case",
    "shard",
    "timing",
    "work",
    "ceiling",
    "fits",
    "pair",
]


class Job(Spec):
    """One step for one worker."""

    step: StepKind
    case: Case
    """Case that needs the step; a step reads only the parts that concern it."""
    cache: str
    run: str
    """Folder of the run."""
    out: str
    """File that the worker writes its report to."""
    threads: int = Field(ge=1)
    allow_code: bool = False
    size: tuple[int, int] | None = None
    """Input height and width; unknown before the data set was opened."""
    artifact: str | None = None
    """Folder to open (case, reference) or to continue from (artifact)."""
    target: str | None = None
    """Folder to make (artifact, reference)."""
    position: int = 0
    """Which step of the variant's recipe (artifact), which launch (timing); 0 first."""
    shard: tuple[int, int] | None = None
    """Which part of the accuracy pass, 0 first, and of how many (shard)."""
    sharded: bool = False
    """Jobs of their own count the accuracy, so that this one times only (case)."""
    reference: str | None = None
    """Folder of the reference's outputs."""
    reference_absent: str = ""
    """Why there is none."""
    calibration_splits: tuple[str, ...] = ()
    """Splits of the data set that quantizers read (dataset)."""
    poller: bool = False
    """Measure what the readings beside the samples cost (case)."""
    planted: float = 0.0
    """A study's artificial slow-down: 0.05 = 5 % (pair)."""
    parent: int = 0
    """Process that waits for the worker; a worker whose parent is another one ends at once."""
    spawned_ns: int = 0
    """Monotonic clock of the parent when it started the worker."""
    memory_limit_bytes: int | None = None
    guarded: bool = False
    """End the process before the machine runs out of memory: it tries what may not fit."""


class Report(Spec):
    """What a worker says at its end."""

    ok: bool
    payload: dict[str, Any] = Field(default_factory=dict)
    error_type: str = ""
    message: str = ""
    skipped: bool = False
    """The machine or installation can't: a `skipped` row, not a failed one."""
    startup_s: float = 0.0
