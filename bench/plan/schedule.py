"""Runs every case once, then the remaining launches in rotation, then the analyses.

The first launch of a case gives its row (accuracy, parity, latency). The rows are on disk before
anything is repeated, and every repetition is on disk before the next begins.
"""

import contextlib
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from bench.execute.base import Outcome
from bench.jobs.measure import CaseJob, TimingJob
from bench.plan import analyses, launches, results, select, sharding
from bench.plan.graph import Graph
from bench.plan.halving import Rounds
from bench.plan.places import Places
from bench.plan.setting import Listener, Setting, StepFailed
from bench.plan.walk import Routine, Walk, surprise
from bench.record.environment import Environment
from bench.record.result import Failure, Result
from bench.record.store import inside, write_atomic, write_result
from bench.suite.case import Case
from bench.suite.halving import Halving
from bench.suite.matching import refusal

Found: TypeAlias = Routine[tuple[Result, Mapping[str, bytes]]]
"""A row, and the arrays and pictures beside it."""


@dataclass
class Scheduler:
    """The steps of one run, in their order."""

    setting: Setting
    listener: Listener
    _cases: tuple[Case, ...] = ()
    _known: dict[int, Case] = field(default_factory=dict)
    """Cases with the digests of their weights and data sets, by position."""
    _rows: dict[int, Result] = field(default_factory=dict)
    _homes: dict[str, Graph] = field(default_factory=dict)
    """Case -> steps of the place that ran it."""
    _needs: dict[int, Counter[str]] = field(default_factory=dict)
    """Measuring steps that a case still needs, by the position of the case."""
    _left: Counter[str] = field(default_factory=Counter)
    """The same of all cases together."""
    _ended: dict[int, Result] = field(default_factory=dict)
    """Rows of cases that successive halving ended, by position."""
    _polled: bool = False
    """Whether a case of this run told what the readings beside the samples cost."""

    def __post_init__(self) -> None:
        self.walk = Walk(self.setting, self.listener)
        self.places = Places(self.walk)
        self._analyses = analyses.Analyses(self.setting.run, self._graph, self._home)

    def run(
        self,
        cases: tuple[Case, ...],
        stored: dict[str, Result],
        halving: Halving | None = None,
    ) -> tuple[Result, ...]:
        """Result of every case, in order, each on disk as soon as it is complete."""
        self._cases = cases
        for i in range(len(cases)):
            self._count(i)
        self._say_left()
        try:
            if halving is not None:
                old = [None if self.setting.fresh else stored.get(case.id) for case in cases]
                rounds = Rounds(halving, self.places.choose, self._ended)
                rounds.run(cases, old, self.walk.run)
            self.walk.run(self._row(i, case, stored.get(case.id)) for i, case in enumerate(cases))
            self.walk.run(self._launches())
            for kinds in analyses.passes(cases):
                rows = [self._rows[i] for i in range(len(cases))]
                steps = tuple(self._analyses.order(rows, kinds))
                self.walk.run(self._analysis(i, kind) for kind, i in steps)
        finally:
            self.walk.executor.close()
        self._say_left()
        return tuple(self._rows[i] for i in range(len(cases)))

    def _graph(self, case: Case) -> Graph:
        """Steps of a place for what follows a case's row: the row's, or one on such a machine."""
        home = self._homes[case.id]
        there = self.places.fitting(case, home.told.machine.identity)
        if not there:
            raise StepFailed(Failure(step="case", type="lost", message="Its machine is gone."))
        return home if home in there else there[0]

    def _home(self, case: Case) -> Graph:
        """Steps of the place that a case ran at or would run at, whether it is there or not."""
        return self._homes.get(case.id) or self.places.nearest(case)[0]

    def _row(self, index: int, case: Case, old: Result | None) -> Routine[None]:
        """A case's row: skipped, as it stood, or measured."""
        files: Mapping[str, bytes] = {}
        stood = False
        try:
            if index in self._ended:
                row = self._ended[index]
            else:
                row, files = yield from self._placed(index, case, old)
            stood = row is old
        except Exception as e:  # noqa: BLE001 - one case must not end the others
            row = results.broken(case, surprise(e))
        if not stood:
            row = self._keep(row, old, files)
        timing = row.get("timing")
        self._polled = self._polled or (timing is not None and timing.poller is not None)
        self._rows[index] = row
        self._count(index)
        self.listener.finished(row, stood=stood and not self._needs[index])
        self._say_left()

    def _placed(self, index: int, case: Case, old: Result | None) -> Found:
        """Row of a case, and its arrays, from the first place that isn't lost meanwhile."""
        tried: list[str] = []
        failed: StepFailed | None = None
        environment: Environment | None = None
        identity = old.environment.machine.identity if old and old.environment else ""
        while (graph := self.places.choose(case, tried, identity)) is not None:
            self.places.busy[graph.place] += 1
            try:
                self._homes[case.id] = graph
                return (yield from self._at(graph, index, case, old))
            except StepFailed as e:
                failed = e
                environment = None if e.lost else self.places.environment(graph, case)
                tried.append(graph.place)
                if not e.elsewhere:
                    break
            finally:
                self.places.busy[graph.place] -= 1
        if failed is None:
            graph, reason = self.places.nearest(case)
            why = Failure(step="case", type="Unsupported", message=reason)
            environment = self.places.environment(graph, case)
            return results.broken(case, why, environment, skipped=True), {}
        why = failed.failure
        if len(tried) > 1:
            said = f"{why.message} It was tried at {' and '.join(tried)}."
            why = why.model_copy(update={"message": said})
        return results.broken(case, why, environment, skipped=failed.skipped), {}

    def _at(self, graph: Graph, index: int, case: Case, old: Result | None) -> Found:
        """Row of a case at a place, and its arrays; StepFailed where a step failed."""
        asked, case = case, (yield from graph.identified(case))
        self._known[index] = case
        if reason := refusal(case):  # the model's and the data set's classes don't meet
            raise StepFailed(Failure(step="case", type="BadInput", message=reason))
        stands = old is not None and not self.setting.fresh
        if old is not None and stands and select.stands(old, case, graph.told.machine):
            return old, {}
        self._say_left("case")
        made = yield from graph.prepared(case)
        self.places.agree(graph, made)
        shards = sharding.count(case, made)
        pool = sharding.Pool(self.places, asked, case, shards)
        began = time.monotonic()
        reference, absent = None, ""
        if shards > 1:
            yield from pool.counted(graph)
        else:
            made, reference, absent = yield from graph.compared(case)
        counting_s = time.monotonic() - began
        environment = self.places.environment(graph, case)
        done: Outcome | None = None
        if shards == 1 or not case.protocol.corruption:  # a corrupted case isn't timed
            done = yield graph.measured(
                CaseJob,
                made,
                "measuring",
                reference=reference,
                reference_absent=absent,
                poller=not self._polled and not case.protocol.corruption,
                sharded=shards > 1,
            )
        found = pool.outcome(done, counting_s) if done is None or shards > 1 else done
        return results.measured(made, found, environment), found.files

    def _launches(self) -> Iterator[Routine[None]]:
        rows = self._rows
        turns = [i for i in sorted(rows) if launches.repeated(rows[i])]
        most = max((rows[i].case.protocol.launches for i in turns), default=1)
        for launch in range(1, most):
            wanted = [
                (launches.position(n, len(turns), launch, rows[i].case.protocol.launches), i)
                for n, i in enumerate(turns)
                if launches.due(rows[i], launch)
            ]
            for _, i in sorted(wanted):
                yield self._launch(i, launch)

    def _launch(self, index: int, launch: int) -> Routine[None]:
        """One more launch of a row, or a note that it failed."""
        self._say_left("timing")
        case, asked = self._known[index], self._rows[index].case.protocol.launches
        try:
            graph = self._graph(case)
            yield from graph.identified(self._cases[index])
            made = yield from graph.prepared(case, self._rows[index].get("timing").batch_size)
            what = f"launch {launch + 1} of {asked}"
            done = yield graph.measured(TimingJob, made, what, launch=launch)
            more = launches.added(self._rows[index], done.report)
        except Exception as e:  # noqa: BLE001 - a later launch never costs the row
            more = launches.lost(self._rows[index], launch, str(e) or repr(e))
        self._add(index, more)
        if launch + 1 == asked:
            self.listener.updated(self._rows[index])

    def _analysis(self, index: int, kind: analyses.Kind) -> Routine[None]:
        self._say_left(kind)
        case, row = self._known[index], self._rows[index]
        found, note = yield from self._analyses.routine(kind, case, row)
        if found or note:
            self._add(index, analyses.added(self._rows[index], found, note))
        if kind == "ceiling":  # others wait for it, too
            for i, needs in self._needs.items():
                if any(name.startswith(kind) for name in needs):
                    self._count(i)

    def _add(self, index: int, row: Result) -> None:
        """Store what a further step of a row brought."""
        self._rows[index] = self._keep(row, self._rows[index], {}, more=True)
        self._count(index)

    def _keep(
        self, result: Result, old: Result | None, files: Mapping[str, bytes], *, more: bool = False
    ) -> Result:
        """The result, stored with its arrays and pictures; where the disk refuses, a failed one that says so.

        What only adds to a row that is there (`more`) is lost then, and the row stays as it was.
        """
        run = self.setting.run
        if old is result or (old is not None and _same_row(old, result)):
            return result
        try:
            for name, content in files.items():
                write_atomic(inside(run, name), content)
            write_result(run, result, more=more)
        except OSError as e:
            if more and old is not None:
                note = f"A further measurement can't be stored: {e.strerror}."
                return old.model_copy(update={"notes": tuple(dict.fromkeys((*old.notes, note)))})
            failure = Failure(
                step="case", type="OSError", message=f"The result can't be stored: {e.strerror}."
            )
            result = results.broken(result.case, failure, result.environment)
            with contextlib.suppress(OSError):
                write_result(run, result)
        return result

    def _count(self, index: int) -> None:
        """Note what a case still needs, if all goes well."""
        case, row = self._cases[index], self._rows.get(index)
        needs = Counter(self._analyses.wanted(case, row).values())
        if row is not None:
            needs["timing"] = launches.missing(row)
        else:
            needs["case"] = 1
            needs["timing"] = 0 if case.protocol.corruption else case.protocol.launches - 1
        self._left.subtract(self._needs.get(index, {}))
        self._left.update(needs)
        self._needs[index] = +needs

    def _say_left(self, began: str = "") -> None:
        """Tell the listener how many measuring steps of each kind are to come."""
        steps = Counter[str]()
        for name, cases in self._left.items():
            kind = name.split()[0]
            steps[kind] += min(cases, 1) if kind == "ceiling" else cases
        self.listener.left(+steps, began)


def _same_row(old: Result, new: Result) -> bool:
    """Whether a row without measurements only says again what stands on disk."""
    blank = {"started": "", "environment": None}
    return new.status == "skipped" and old.model_copy(update=blank) == new.model_copy(update=blank)
