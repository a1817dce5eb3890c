"""What the gate study measures and finds: its size, its pools in short, and gate-study.json."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import ConfigDict, Field

from bench.record.base import Record
from bench.record.environment import Machine
from bench.suite.policy import GatePolicy
from tests.studies.gate.drops import Dropped
from tests.studies.gate.provenance import Origin
from tests.studies.gate.rates import Rated


@dataclass(frozen=True)
class Size:
    """How much is measured."""

    calibrating: int = 32
    """A/A pairs that set the threshold; they take no part in what is judged by it."""
    same: int = 120
    """A/A pairs that are judged."""
    slowed: int = 40
    """Pairs of each planted slow-down."""
    live: int = 20
    """Wholly live A/A gates."""
    pairs: int = GatePolicy().pairs
    """Of one look."""
    repeats: int = 20
    """Copies of each planted drop of accuracy."""

    @property
    def wanted(self) -> dict[float, int]:
        """Planted slow-down -> pairs."""
        slowed = dict.fromkeys((0.03, 0.05, 0.10), self.slowed)
        return {0.0: self.calibrating + self.same, **slowed}


SMALL = Size(calibrating=8, same=12, slowed=8, live=2, pairs=4, repeats=2)
"""To try the whole: its rates say nothing."""


class Pool(Record):
    """One pool in short, and its pairs' numbers."""

    condition: str
    planted: float
    began: str
    ended: str
    foreign_cpu: float | None
    """Processors that other processes kept busy, the median over the pairs."""
    log_ratios: tuple[float, ...]


class Study(Record):
    """gate-study.json."""

    schema_version: int = Field(default=1, alias="schema")
    made: str
    segbench: str
    code_digest: str
    timed: Origin
    """The case and the code that the pools were measured with."""
    machine: Machine
    gate_pairs: int
    calibrating: int
    """A/A pairs, the first of each condition, that set the threshold and aren't judged by it."""
    threshold: dict[str, float]
    smallest: dict[str, float]
    """Condition -> smallest slow-down that the calibration says is shown in 95 % of gates."""
    pools: tuple[Pool, ...]
    rates: tuple[Rated, ...]
    live: dict[str, dict[str, int]]
    """Condition -> verdicts of wholly live A/A gates."""
    drops: tuple[Dropped, ...]

    model_config = ConfigDict(
        populate_by_name=True, frozen=True, extra="forbid", protected_namespaces=()
    )
