"""Live pairs: two fresh processes, both loaded and warm, that took turns in short bursts."""

from typing import Literal

from pydantic import Field

from bench.record.base import Record
from bench.record.environment import Machine


class ProcessPair(Record):
    """Two processes' bursts; the pair is the unit of inference."""

    baseline_ns: tuple[tuple[int, ...], ...]
    """Bursts of end-to-end times, in order."""
    candidate_ns: tuple[tuple[int, ...], ...]
    order: str = ""
    """Which side ran each burst: `B` baseline, `C` candidate; as long as both together."""
    foreign: tuple[float, ...] = ()
    """Processors that other processes kept busy during each burst, a mean, in the same order."""
    foreign_cpu: float | None = None
    """Processors that other processes kept busy while the bursts ran, a mean."""
    started: str = ""
    """UTC, ISO 8601."""


class PairsRecord(Record):
    """pairs/CASE.json of a run: what `segbench gate --live` measured of one case."""

    schema_version: int = Field(default=1, alias="schema")
    """History: 1 = the first (2026-11)."""
    case: str
    """Id."""
    baseline: str
    """What the candidate is compared with: a run folder, or a git revision."""
    baseline_commit: str | None = None
    candidate_commit: str | None = None
    baseline_code: str = ""
    """Digest of the measuring code."""
    candidate_code: str = ""
    machine: Machine
    load: Literal["", "planted"] = ""
    """`planted`: a study's own competing load ran meanwhile."""
    planted: float = 0.0
    """A study's artificial slow-down of the candidate: 0.05 = 5 %."""
    burst: int = 3
    """Iterations of a burst."""
    pairs: tuple[ProcessPair, ...] = ()
    absent: str = ""
    """Why no pair was measured."""
    started: str = ""
    """UTC, ISO 8601, of the gate that measured them, or couldn't."""
    confirms: bool = False
    """The last of these pairs were measured because the first suggested a regression."""
    first: int | None = None
    """How many pairs the first look had, where a second followed; the second alone decides."""
