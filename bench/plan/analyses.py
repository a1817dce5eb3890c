"""Analyses, which follow when all rows are there: work, the machine's ceilings, what fits.

None of them can fail a row: one that can't be done leaves its reason.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal, cast

from bench import cachedir
from bench.errors import RecordError
from bench.jobs.measure import CeilingJob, CeilingReport, WorkJob
from bench.plan import keys, tries
from bench.plan.graph import Graph
from bench.plan.setting import StepFailed
from bench.plan.walk import Story
from bench.record.ceiling import Ceiling
from bench.record.memory import FitsMeasurement
from bench.record.result import Measurement, Result
from bench.record.store import to_json, write_atomic
from bench.record.work import ComponentMeasurement, WorkMeasurement
from bench.resources import read_bytes
from bench.suite.case import Case

Kind = Literal["work", "ceiling", "fits"]
BUSY = 0.1
"""Processors that others kept busy beside a ceiling; beyond it the ceiling isn't kept."""
_WHAT: dict[Kind, str] = {  # the slowest last
    "work": "counting the work",
    "ceiling": "measuring the machine's ceiling",
    "fits": "searching what fits",
}


@dataclass
class Analyses:
    """What is added to the rows of one run."""

    run: Path
    graph: Callable[[Case], Graph]
    """Steps of the place that a case runs at; StepFailed where it is gone."""
    home: Callable[[Case], Graph]
    """The same, of the place that it ran at or would run at."""
    _failed: set[Path] = field(default_factory=set)
    """Ceilings that couldn't be measured; they aren't tried again for the next row."""
    _fresh: set[Path] = field(default_factory=set)
    """Ceilings of this very run: one of a busy machine isn't tried again at once."""

    def wanted(self, case: Case, row: Result | None = None) -> dict[Kind, str]:
        """What a case asks for, and of one that has a row, what that lacks; under each kind its name.

        A ceiling's holds its file: cases that want one of the same name share its step.
        """
        asked = case.protocol
        if asked.corruption or (row is not None and row.status not in {"ok", "wrong"}):
            return {}
        found: dict[Kind, str] = {}
        if asked.work and not (row and row.get("work")):
            found["work"] = "work"
        if asked.ceiling and not self._there(case):
            found["ceiling"] = f"ceiling {self._file(case).name}"
        if asked.fits_gb and not (row and row.get("fits")):
            found["fits"] = "fits"
        return found

    def order(self, rows: Sequence[Result]) -> Iterator[tuple[Kind, int]]:
        """Kind and position of the row of every step to come: the slowest kind last."""
        wanted = [self.wanted(row.case, row) for row in rows]
        for kind in _WHAT:
            ceilings = set()
            for i, names in enumerate(wanted):
                if kind in names and names[kind] not in ceilings:
                    yield kind, i
                    if kind == "ceiling":
                        ceilings.add(names[kind])

    def story(self, kind: Kind, case: Case, row: Result) -> Story[Callable[[Result], Result]]:
        """What an analysis of an identified case adds to its row, or why it adds nothing."""
        size: tuple[int, int] | None = None
        try:
            graph = self.graph(case)
            if kind == "ceiling":
                yield graph.alone(case, _WHAT[kind], partial(self._ceiling, graph, case))
                return lambda row: row
            timing = row.get("timing")
            made = yield from graph.prepared(case, timing.batch_size if timing else None)
            size = made.size
            found: tuple[Measurement, ...]
            if kind == "work":
                done = yield graph.measured(WorkJob, made, _WHAT[kind])
                found = (done.report.work, done.report.components)
            else:
                search = partial(tries.what_fits, graph, made)
                found = ((yield graph.alone(case, _WHAT[kind], search)),)
        except StepFailed as e:
            return partial(self._without, kind, size, e.failure.message, noted=not e.skipped)
        except Exception as e:  # noqa: BLE001 - an analysis never costs the row
            return partial(self._without, kind, size, str(e) or repr(e), noted=True)
        return partial(_with, found)

    def _ceiling(self, graph: Graph, case: Case) -> None:
        """Measure the ceiling, or find it in the cache, and store it with the run."""
        device, threads = case.target.device, graph.threads(case)
        digest = keys.ceiling_digest(device, threads, graph.told.machine.identity)

        def measure(_: Path) -> dict[str, Any]:
            done = graph.walk.do(CeilingJob(device=device, threads=threads), case, graph.place)
            if done.failure is not None:
                raise StepFailed(done.failure, skipped=done.skipped)
            found = cast("CeilingReport", done.report).ceiling
            return found.model_dump(mode="json", by_alias=True)

        folder = graph.walk.setting.cache / "ceilings" / digest[:24]
        found = Ceiling.model_validate(cachedir.make(folder, measure))
        write_atomic(self._file(case), to_json(found))
        self._fresh.add(self._file(case))
        if found.foreign_cpu is not None and found.foreign_cpu > BUSY:
            shutil.rmtree(folder, ignore_errors=True)  # too low: the next run tries again

    def _without(
        self, kind: Kind, size: tuple[int, int] | None, reason: str, row: Result, *, noted: bool
    ) -> Result:
        """The row with a reason instead of a measurement; without a size it will be tried again."""
        found: tuple[Measurement, ...] = ()
        if kind == "ceiling":
            self._failed.add(self._file(row.case))
        elif kind == "fits" and size is not None:
            found = (FitsMeasurement(absent=reason),)
        elif size is not None:
            batch, (height, width) = max(1, row.case.protocol.batch_size), size
            found = (
                WorkMeasurement(batch_size=batch, height=height, width=width, absent=reason),
                ComponentMeasurement(absent=reason),
            )
        what = _WHAT[kind]
        note = f"{what[0].upper()}{what[1:]} failed: {reason}"
        notes = tuple(dict.fromkeys((*row.notes, note))) if noted else row.notes
        return _with(found, row.model_copy(update={"notes": notes}))

    def _file(self, case: Case) -> Path:
        """File of the run that the ceiling of a case's device and threads goes to."""
        name = f"{case.target.device}-{self.home(case).threads(case)}.json"
        return self.run / "ceilings" / name

    def _there(self, case: Case) -> bool:
        """Whether the ceiling was measured on this machine, or can't be."""
        file = self._file(case)
        if file in self._failed:
            return True
        try:
            known = Ceiling.model_validate_json(read_bytes(file))
        except (OSError, ValueError, RecordError):
            return False
        quiet = (known.foreign_cpu or 0) <= BUSY or file in self._fresh
        return quiet and known.machine.identity == self.home(case).told.machine.identity


def _with(found: tuple[Measurement, ...], row: Result) -> Result:
    """The row with measurements that take the place of those of the same kinds."""
    kinds = {m.kind for m in found}
    kept = tuple(m for m in row.measurements if m.kind not in kinds)
    return row.model_copy(update={"measurements": (*kept, *found)})
