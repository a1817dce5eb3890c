"""What `segbench selftest` found out about the gate on this machine, from pairs of equal code."""

from pydantic import Field

from bench.record.base import Record
from bench.record.environment import Machine


class Rate(Record):
    """A share with its 95 % Clopper-Pearson interval."""

    hits: int
    of: int
    low: float
    high: float


class Calibration(Record):
    """calibration.json: kept with the machine, copied into every run that is gated on it."""

    schema_version: int = Field(default=1, alias="schema")
    """History: 1 = the first (2026-11)."""
    machine: Machine
    case: str
    """Case whose pairs were measured."""
    pairs: int
    log_ratios: tuple[float, ...]
    """Log ratio of each A/A pair's medians, candidate over baseline."""
    gate_pairs: int
    """Pairs that one gate measures; the figures below are for this many."""
    threshold: float
    """Ratio, from 1: with it, false alarms stay under 1 % here; the policy's may be larger."""
    false_alarms: Rate
    """Gates drawn without replacement from the A/A pairs that called a regression beyond the
    threshold, two looks each."""
    smallest: float
    """Smallest slow-down, as a ratio, that a gate of this many pairs shows in 95 % of cases."""
    in_process: float | None = None
    """Median of an isolated session over that of the same session in the caller's process."""
    measured: str = ""
    """UTC, ISO 8601."""
    code_digest: str = ""
