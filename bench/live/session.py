"""A case made ready for live sessions: weights, data set and artifact, found or made now."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from bench.errors import CaseFailed, Unsupported
from bench.jobs.measure import PairJob
from bench.plan import select, tries
from bench.plan.setting import Setting, StepFailed
from bench.plan.walk import Walk

if TYPE_CHECKING:
    from bench.record.result import Result
    from bench.suite.case import Case

Tell = Callable[[str], None]
"""What takes a line for the user."""


class Told:
    """Listener that tells each step in a line."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell

    def step(self, case: Case, what: str) -> None:
        """A step of a case begins."""
        self._tell(f"{case.id}: {what}")

    def progress(self, phase: str, done: int, total: int) -> None:
        """A step goes on."""

    def finished(self, result: Result, *, stood: bool) -> None:
        """Not called: nothing is measured here."""


def ready(case: Case, cache: Path, tell: Tell, *, allow_code: bool = False) -> PairJob:
    """Job of one side, on this machine.

    Raises:
        CodeRefused: the model runs the user's own Python, and nobody allowed it.
        Unsupported: this machine or installation can't run the case.
        CaseFailed: a step of its preparation failed.
    """
    select.refuse_code((case,), allow_code=allow_code)
    with tempfile.TemporaryDirectory() as logs:
        walk = Walk(Setting(run=Path(logs), cache=cache, allow_code=allow_code), Told(tell))
        graph = tries.graph(walk, walk.can.places[0])
        if reason := graph.skips(case):
            raise Unsupported(f"{case.id} doesn't run here: {reason}.")
        try:
            return graph.session(PairJob, graph.make(case), cache=str(cache))
        except StepFailed as e:
            kind = Unsupported if e.skipped else CaseFailed
            tail = e.failure.stderr_tail[-1:] or ("",)
            raise kind(f"{case.id}: {e.failure.message}", tail[0]) from None
