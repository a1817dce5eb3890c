"""Analyses, which follow when all rows are there: work, ceilings, checks of artifacts, what fits, stages.

None of them can fail a row: one that can't be done leaves its reason. A check may find it wrong.
"""

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal, cast

from bench import cachedir
from bench.errors import RecordError
from bench.jobs.base import SessionJob
from bench.jobs.measure import (
    CeilingJob,
    CeilingReport,
    ChecksJob,
    CoverageJob,
    StagesJob,
    StagesReport,
    WorkJob,
)
from bench.metrics import checked
from bench.plan import keys, tries
from bench.plan.graph import Graph, Prepared
from bench.plan.quantized import quantized
from bench.plan.setting import StepFailed
from bench.plan.walk import Routine
from bench.record.ceiling import Ceiling
from bench.record.checks import ChecksMeasurement, StagesMeasurement
from bench.record.coverage import CoverageMeasurement
from bench.record.memory import FitsMeasurement
from bench.record.result import Measurement, Result
from bench.record.store import to_json, write_atomic
from bench.record.work import ComponentMeasurement, WorkMeasurement
from bench.resources import read_bytes
from bench.suite.base import digest
from bench.suite.case import Case

Kind = Literal["work", "coverage", "ceiling", "checks", "fits", "stages"]
BUSY = 0.1
"""Processors that others kept busy beside a ceiling; beyond it the ceiling isn't kept."""
_WHAT: dict[Kind, str] = {  # the slowest last
    "work": "counting the work",
    "coverage": "measuring what runs in int8",
    "ceiling": "measuring the machine's ceiling",
    "checks": "checking the artifact",
    "fits": "searching what fits",
    "stages": "comparing the stages",
}
_SESSIONS: dict[Kind, tuple[type[SessionJob], tuple[str, ...]]] = {
    "work": (WorkJob, ("work", "components")),
    "coverage": (CoverageJob, ("coverage",)),
    "checks": (ChecksJob, ("checks",)),
}
"""Kind -> the job of its one session, and the measurements of its report."""


def passes(cases: Sequence[Case]) -> tuple[tuple[Kind, ...], ...]:
    """Kinds whose steps follow one another; a second pass, for stages, sees which rows the first found wrong."""
    first = tuple(kind for kind in _WHAT if kind != "stages")
    staged = any(case.protocol.checks or case.protocol.stages for case in cases)
    return (first, ("stages",)) if staged else (first,)


@dataclass
class Analyses:
    """What is added to the rows of one run."""

    run: Path
    graph: Callable[[Case], Graph]
    """Steps of the place that a case runs at; StepFailed where it is gone."""
    home: Callable[[Case], Graph]
    """The same, of the place that it ran at or would run at."""
    _tried: set[Path] = field(default_factory=set)
    """Ceilings of this very run: what failed, or was measured on a busy machine, isn't tried again."""

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
        if asked.coverage and quantized(case.variant) and not (row and row.get("coverage")):
            found["coverage"] = "coverage"
        if asked.ceiling and not self._there(case):
            found["ceiling"] = f"ceiling {self._file(case).name}"
        if asked.checks and not (row and row.get("checks")):
            found["checks"] = "checks"
        wrong = asked.checks and row is not None and row.status == "wrong"
        if (asked.stages or wrong) and not (row and row.get("stages")):
            found["stages"] = "stages"
        if asked.fits_gb and not (row and row.get("fits")):
            found["fits"] = "fits"
        return found

    def order(self, rows: Sequence[Result], kinds: Sequence[Kind]) -> Iterator[tuple[Kind, int]]:
        """Kind and position of the row of every step to come of some kinds, in the kinds' order."""
        wanted = [self.wanted(row.case, row) for row in rows]
        for kind in kinds:
            ceilings = set()
            for i, names in enumerate(wanted):
                if kind in names and names[kind] not in ceilings:
                    yield kind, i
                    if kind == "ceiling":
                        ceilings.add(names[kind])

    def routine(
        self, kind: Kind, case: Case, row: Result
    ) -> Routine[tuple[tuple[Measurement, ...], str]]:
        """What an analysis of an identified case adds to its row: measurements, and a note or nothing."""
        size: tuple[int, int] | None = None
        try:
            graph = self.graph(case)
            if kind == "ceiling":
                self._tried.add(self._file(case))
                yield graph.alone(case, _WHAT[kind], partial(self._ceiling, graph, case))
                return (), ""
            timing = row.get("timing")
            made = yield from graph.prepared(case, timing.batch_size if timing else None)
            size = made.size
            if kind in _SESSIONS:
                step, fields = _SESSIONS[kind]
                done = yield graph.measured(step, made, _WHAT[kind])
                return tuple(getattr(done.report, name) for name in fields), ""
            if kind == "stages":
                return ((yield from self._stages(graph, made)),), ""
            search = partial(tries.what_fits, graph, made)
            return ((yield graph.alone(case, _WHAT[kind], search)),), ""
        except Exception as e:  # noqa: BLE001 - an analysis never costs the row
            reason = str(e) or repr(e)
            skipped = isinstance(e, StepFailed) and e.skipped
            note = "" if skipped else f"{_WHAT[kind].capitalize()} failed: {reason}"
            return _absent(kind, case, size, reason), note

    def _stages(self, graph: Graph, made: Prepared) -> Routine[StagesMeasurement]:
        """The stages of an artifact that is exported once more, with their outputs."""
        if made.case.model.onnx is not None:
            return StagesMeasurement(absent="the model is an ONNX file: it has no modules")
        if made.chain:
            made = yield from graph.opened(made, stages=True)
        done = yield graph.measured(StagesJob, made, _WHAT["stages"])
        return cast("StagesReport", done.report).stages

    def _ceiling(self, graph: Graph, case: Case) -> None:
        """Measure the ceiling, or find it in the cache, and store it with the run."""
        device, threads = case.target.device, graph.threads(case)
        key = keys.ceiling_digest(device, threads, graph.told.machine.identity)

        def measure(_: Path) -> dict[str, Any]:
            done = graph.walk.do(CeilingJob(device=device, threads=threads), case, graph.place)
            if failed := StepFailed.of(done):
                raise failed
            found = cast("CeilingReport", done.report).ceiling
            return found.model_dump(mode="json", by_alias=True)

        folder = graph.walk.setting.cache / "ceilings" / key[:24]
        found = Ceiling.model_validate(cachedir.make(folder, measure))
        write_atomic(self._file(case), to_json(found))
        if found.foreign_cpu is not None and found.foreign_cpu > BUSY:
            shutil.rmtree(folder, ignore_errors=True)  # too low: the next run tries again

    def _file(self, case: Case) -> Path:
        """File of the run that the ceiling of a case's device, threads and machine goes to."""
        home = self.home(case)
        machine = digest(home.told.machine.identity, 8)
        name = f"{case.target.device}-{home.threads(case)}-{machine}.json"
        return self.run / "ceilings" / name

    def _there(self, case: Case) -> bool:
        """Whether the ceiling of the case's machine was measured, or can't be."""
        file = self._file(case)
        if file in self._tried:
            return True
        try:
            known = Ceiling.model_validate_json(read_bytes(file))
        except (OSError, ValueError, RecordError):
            return False
        return (known.foreign_cpu or 0) <= BUSY


def added(row: Result, found: tuple[Measurement, ...], note: str) -> Result:
    """The row with measurements that take the place of those of the same kinds, and with a note.

    A check that fails makes an ok row wrong; the stages tell where a wrong one begins to differ.
    """
    kinds = {m.kind for m in found}
    kept = tuple(m for m in row.measurements if m.kind not in kinds)
    notes = tuple(dict.fromkeys(filter(None, (*row.notes, note))))
    row = row.model_copy(update={"measurements": (*kept, *found), "notes": notes})
    if "checks" in kinds and row.status == "ok" and (reason := checked.failed(row)):
        row = row.model_copy(update={"status": "wrong", "reason": reason})
    if "stages" in kinds and row.status == "wrong" and (where := checked.diverges(row)):
        row = row.model_copy(update={"reason": f"{row.reason}; {where}"})
    return row


def _absent(
    kind: Kind, case: Case, size: tuple[int, int] | None, reason: str
) -> tuple[Measurement, ...]:
    """Measurements that hold a reason; none where the next run tries again."""
    if kind == "ceiling" or size is None:
        return ()
    if kind == "coverage":
        return (CoverageMeasurement(absent=reason),)
    if kind == "checks":
        return (ChecksMeasurement(absent=reason),)
    if kind == "stages":
        return (StagesMeasurement(absent=reason),)
    if kind == "fits":
        return (FitsMeasurement(absent=reason),)
    asked = {"batch_size": max(1, case.protocol.batch_size), "height": size[0], "width": size[1]}
    return WorkMeasurement(**asked, absent=reason), ComponentMeasurement(absent=reason)
