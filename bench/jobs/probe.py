"""What a machine is, and which cases it runs."""

from __future__ import annotations

from pydantic import Field

from bench.jobs.base import Job, Report
from bench.record.environment import Environment, Machine
from bench.suite.case import Case


class ProbeReport(Report):
    """What only the machine itself can say."""

    machine: Machine
    cores: int
    """Logical processors that a worker there may use."""
    available_bytes: int
    """Main memory that is free there now."""
    device_bytes: dict[str, int]
    """Device -> bytes of the memory that models lie in."""
    code_digest: str
    """Of the measuring code that is installed there."""
    skips: dict[str, str]
    """Case -> why it doesn't run there; empty = it does."""
    lacks: dict[str, int] = Field(default_factory=dict)
    """Case -> requirements that aren't met there."""
    environments: dict[str, Environment]
    """Case -> place and moment; empty unless asked for."""


class ProbeJob(Job):
    """Tell about cases."""

    cases: tuple[Case, ...] = ()
    environments: bool = False
    """Tell the environments, too."""
