"""The story of a run: every case once, then its further launches in turns, then what is beside.

The first launch of a case gives its row (accuracy, parity, latency); the rows are on disk before
anything is repeated, and every repetition is on disk before the next begins.
"""

from __future__ import annotations

import functools
import time
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from bench.execute.process import TAIL_LINES
from bench.plan import analyses, launches, results, select
from bench.plan.prepare import Preparer, threads
from bench.plan.setting import StepFailed
from bench.record.result import Failure, Result
from bench.suite.matching import refusal

if TYPE_CHECKING:
    from bench.plan.setting import Listener, Setting
    from bench.record.environment import Environment
    from bench.suite.case import Case


class Keep(Protocol):
    """Stores a row."""

    def __call__(self, result: Result, old: Result | None, *, more: bool = False) -> Result:
        """The row as it is on disk now; `more` = it only adds to the old one."""
        ...


@dataclass
class Scheduler:
    """Runs cases one after the other; two measurements never run at once."""

    setting: Setting
    listener: Listener
    keep: Keep
    made: Preparer = field(init=False)
    _cases: tuple[Case, ...] = ()
    _rows: list[Result] = field(default_factory=list)
    _polled: bool = False
    """Whether a case of this run told what the readings beside the samples cost."""

    def __post_init__(self) -> None:
        self.made = Preparer(self.setting, self.listener)
        self._extras = analyses.Extras(self.made)

    def run(self, cases: tuple[Case, ...], stored: dict[str, Result]) -> tuple[Result, ...]:
        """Result of every case, in order, each on disk before the next begins."""
        self._cases, self._rows = cases, []
        self._say_left()
        for case in cases:
            old = stored.get(case.id)
            result, stood = self._first(case, old)
            if not stood:
                result = self.keep(result, old)
            timing = result.get("timing")
            self._polled = self._polled or (timing is not None and timing.poller is not None)
            self._rows.append(result)
            whole = not launches.missing(result) and not self._extras.wanted(result)
            self.listener.finished(result, stood=stood and whole)
            self._say_left()
        self._repeat()
        for kind, row in tuple(self._extras.order(self._rows)):
            self._add(row, kind, functools.partial(self._extras.add, kind))
        self._say_left()
        return tuple(self._rows)

    def _first(self, case: Case, old: Result | None) -> tuple[Result, bool]:
        """A case's row, and whether it is the one that was stored."""
        reason = select.skip_reason(case)
        if reason:
            return results.skipped(case, reason, _environment(case)), False
        try:
            case = self.made.identified(case)
            _refuse_meaningless(case)
            if old is not None and not self.setting.fresh and select.stands(old, case):
                return old, True
            return self._measure(case), False
        except StepFailed as e:
            row = results.broken(case, e.failure, _environment(case), skipped=e.skipped)
            return row, False
        except Exception as e:  # noqa: BLE001 - one case must not end the others
            said = traceback.format_exc().splitlines()[-TAIL_LINES:]
            failure = Failure(
                step="case",
                type=type(e).__name__,
                message=str(e) or repr(e),
                stderr_tail=tuple(said),
            )
            return results.broken(case, failure), False

    def _measure(self, case: Case) -> Result:
        """Result of a case whose steps all ran; StepFailed where one didn't."""
        self._say_left("case")
        made = self.made.prepared(case)
        reference, absent = self.made.reference(made)
        began = time.monotonic()
        environment = _environment(case)
        job = self.made.session(
            "case",
            made,
            reference=None if reference is None else str(reference),
            reference_absent=absent,
            poller=not self._polled and not case.protocol.corruption,
        )
        self.listener.step(case, "measuring")
        report = self.made.start(job, case.protocol.timeout_s)
        wall = time.monotonic() - began
        return results.measured(made, report, environment, wall)

    def _repeat(self) -> None:
        """All launches after the first, pass by pass."""
        rows = self._rows
        turns = [i for i, r in enumerate(rows) if launches.repeated(r)]
        most = max((rows[i].case.protocol.launches for i in turns), default=1)
        for launch in range(1, most):
            wanted = [
                (launches.position(n, len(turns), launch, rows[i].case.protocol.launches), i)
                for n, i in enumerate(turns)
                if launches.due(rows[i], launch)
            ]
            for _, i in sorted(wanted):
                self._add(i, "timing", functools.partial(self._again, launch))
                if launch + 1 == rows[i].case.protocol.launches:
                    self.listener.updated(rows[i])

    def _again(self, launch: int, row: Result) -> Result:
        """The row with one more launch, or with a note that it failed."""
        case = row.case
        try:
            made = self.made.prepared(case, row.get("timing").batch_size)
            self.listener.step(case, f"launch {launch + 1} of {case.protocol.launches}")
            job = self.made.session("timing", made, position=launch)
            report = self.made.start(job, case.protocol.timeout_s)
            return launches.added(row, report.payload)
        except StepFailed as e:
            return launches.lost(row, launch, e.failure.message)
        except Exception as e:  # noqa: BLE001 - a later launch never costs the row
            return launches.lost(row, launch, str(e) or repr(e))

    def _add(self, index: int, kind: str, more: Callable[[Result], Result]) -> None:
        """Do one further step of a row and store what it brought."""
        self._say_left(kind)
        row = self._rows[index]
        self._rows[index] = self.keep(more(row), row, more=True)

    def _say_left(self, began: str = "") -> None:
        """Tell the listener how many measuring steps of each kind are to come."""
        new = self._cases[len(self._rows) :]
        self.listener.left(left(new, self._rows, self._extras), began)


def left(new: Sequence[Case], rows: Sequence[Result], beside: analyses.Extras) -> Counter[str]:
    """Measuring steps to come, by kind, when every new case goes well."""
    steps = Counter({"case": len(new)})
    for case in new:
        steps["timing"] += 0 if case.protocol.corruption else case.protocol.launches - 1
    for row in rows:
        steps["timing"] += launches.missing(row)
    return +(steps + beside.count(new, rows))


def _refuse_meaningless(case: Case) -> None:
    """StepFailed where the model's and the data set's classes don't meet."""
    reason = refusal(case)
    if reason:
        raise StepFailed(Failure(step="case", type="BadInput", message=reason))


def _environment(case: Case) -> Environment:
    """Place and moment, as the parent sees them now."""
    return results.environment(case, threads(case))
