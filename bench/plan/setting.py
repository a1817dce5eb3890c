"""What the parts of a run share: where it works, who watches it, how a step fails."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, Self

from bench.execute.base import Outcome
from bench.record.result import Failure, Result
from bench.suite.case import Case


@dataclass(frozen=True)
class Setting:
    """Where and how a run works."""

    run: Path
    cache: Path
    allow_code: bool = False
    fresh: bool = False
    executor: str = "local"
    """Registered executor."""
    address: str | None = None
    """Where it is to be found, if it isn't on this machine."""


class Steps(Protocol):
    """Who watches the steps of a case."""

    def step(self, case: Case, what: str) -> None:
        """A step of a case begins."""

    def progress(self, phase: str, done: int, total: int) -> None:
        """A step goes on."""


class Listener(Steps, Protocol):
    """Who watches a run: the terminal, or a test."""

    def left(self, steps: Mapping[str, int], began: str = "") -> None:
        """Measuring steps to come, by kind (case, timing, work, coverage, ceiling, checks, fits, stages).

        The one of the kind `began` begins now, and is among them; empty = none begins yet.
        """

    def finished(self, result: Result, *, stood: bool) -> None:
        """A case has its first result; `stood` = all of it was there before."""

    def updated(self, result: Result) -> None:
        """All launches of a case that has several are done."""


class StepFailed(Exception):
    """A step that a case needs has failed, or can't run here."""

    def __init__(self, failure: Failure, *, skipped: bool = False, lost: bool = False) -> None:
        super().__init__(failure.message)
        self.failure = failure
        self.skipped = skipped
        self.lost = lost
        """Its place was lost, or can't be used for it."""

    @classmethod
    def of(cls, done: Outcome) -> Self | None:
        """What an outcome without a report fails with; None where there is one."""
        if done.failure is None:
            return None
        return cls(done.failure, skipped=done.skipped, lost=done.lost)

    @property
    def elsewhere(self) -> bool:
        """Whether another place may do it: this one is lost, or hasn't the weights or the images."""
        return self.lost or self.failure.step in {"weights", "dataset"}
