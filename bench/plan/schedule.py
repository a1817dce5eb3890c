"""Runs every case once, then the remaining launches in rotation, then the analyses.

The first launch of a case gives its row (accuracy, parity, latency). The rows are on disk before
anything is repeated, and every repetition is on disk before the next begins.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from bench.jobs.case import CaseJob
from bench.jobs.timing import TimingJob
from bench.plan import analyses, launches, results, select, tries
from bench.plan.graph import Graph
from bench.plan.prepared import identified
from bench.plan.setting import StepFailed
from bench.plan.walk import Node, Story, Walk, surprise
from bench.record.result import Failure, Result
from bench.suite.matching import refusal

if TYPE_CHECKING:
    from bench.plan.setting import Listener, Setting
    from bench.suite.case import Case


class Keep(Protocol):
    """Stores a row."""

    def __call__(
        self,
        result: Result,
        old: Result | None,
        files: Mapping[str, bytes],
        *,
        more: bool = False,
    ) -> Result:
        """The row as it is on disk now, with its arrays; `more` = it only adds to the old one."""
        ...


@dataclass
class Scheduler:
    """Tells the stories of one run."""

    setting: Setting
    listener: Listener
    keep: Keep
    _cases: tuple[Case, ...] = ()
    _known: dict[int, Case] = field(default_factory=dict)
    """Cases with the digests of their weights and data sets, by position."""
    _rows: dict[int, Result] = field(default_factory=dict)
    _polled: bool = False
    """Whether a case of this run told what the readings beside the samples cost."""

    def __post_init__(self) -> None:
        self.walk = Walk(self.setting, self.listener)
        self.graphs = {place: tries.graph(self.walk, place) for place in self.walk.places}
        self._analyses = analyses.Analyses(self.setting.run, self._graph)

    def run(self, cases: tuple[Case, ...], stored: dict[str, Result]) -> tuple[Result, ...]:
        """Result of every case, in order, each on disk as soon as it is there."""
        self._cases = cases
        self._say_left()
        self.walk.run(self._row(i, case, stored.get(case.id)) for i, case in enumerate(cases))
        self.walk.run(self._launches())
        rows = [self._rows[i] for i in range(len(cases))]
        self.walk.run(self._analysis(i, kind) for kind, i in tuple(self._analyses.order(rows)))
        self._say_left()
        return tuple(self._rows[i] for i in range(len(cases)))

    def _graph(self, case: Case) -> Graph:
        """Steps of the place that a case runs at: the first that its target fits."""
        every = list(self.graphs.values())
        return next((g for g in every if not g.skips(case)), every[0])

    def _row(self, index: int, case: Case, old: Result | None) -> Story:
        """A case's row: skipped, as it stood, or measured."""
        stood, graph = False, self._graph(case)
        files: Mapping[str, bytes] = {}
        try:
            if reason := graph.skips(case):
                row = results.skipped(case, reason, graph.environment(case))
            else:
                case = identified(case, (yield graph.weights(case)).report)
                self._known[index] = case
                _refuse_meaningless(case)
                if old is not None and not self.setting.fresh:
                    stood = select.stands(old, case, graph.told.machine)
                if old is not None and stood:
                    row = old
                else:
                    self._say_left("case")
                    row, files = yield from self._measured(graph, case)
        except StepFailed as e:
            row = results.broken(case, e.failure, graph.environment(case), skipped=e.skipped)
        except Exception as e:  # noqa: BLE001 - one case must not end the others
            row = results.broken(case, surprise(e))
        if not stood:
            row = self.keep(row, old, files)
        timing = row.get("timing")
        self._polled = self._polled or (timing is not None and timing.poller is not None)
        self._rows[index] = row
        whole = not launches.missing(row) and not self._analyses.wanted(row)
        self.listener.finished(row, stood=stood and whole)
        self._say_left()

    def _measured(
        self, graph: Graph, case: Case
    ) -> Generator[Node, Any, tuple[Result, Mapping[str, bytes]]]:
        """Row of a case whose steps all ran, and its arrays; StepFailed where one didn't."""
        made, reference, absent = yield graph.compared(case)
        environment = graph.environment(case)
        done = yield graph.measured(
            CaseJob,
            made,
            "measuring",
            reference=reference,
            reference_absent=absent,
            poller=not self._polled and not case.protocol.corruption,
        )
        return results.measured(made, done, environment), done.files

    def _launches(self) -> Iterator[Story]:
        """All launches after the first, pass by pass."""
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

    def _launch(self, index: int, launch: int) -> Story:
        """One more launch of a row, or a note that it failed."""
        self._say_left("timing")
        case, asked = self._known[index], self._rows[index].case.protocol.launches
        try:
            graph = self._graph(case)
            made = yield graph.prepared(case, self._rows[index].get("timing").batch_size)
            what = f"launch {launch + 1} of {asked}"
            done = yield graph.measured(TimingJob, made, what, launch=launch)
            more = launches.added(self._rows[index], done.report)
        except StepFailed as e:
            more = launches.lost(self._rows[index], launch, e.failure.message)
        except Exception as e:  # noqa: BLE001 - a later launch never costs the row
            more = launches.lost(self._rows[index], launch, str(e) or repr(e))
        self._add(index, more)
        if launch + 1 == asked:
            self.listener.updated(self._rows[index])

    def _analysis(self, index: int, kind: analyses.Kind) -> Story:
        """One analysis of a row."""
        self._say_left(kind)
        change = yield from self._analyses.story(kind, self._known[index], self._rows[index])
        self._add(index, change(self._rows[index]))

    def _add(self, index: int, row: Result) -> None:
        """Store what a further step of a row brought."""
        self._rows[index] = self.keep(row, self._rows[index], {}, more=True)

    def _say_left(self, began: str = "") -> None:
        """Tell the listener how many measuring steps of each kind are to come."""
        new = [case for i, case in enumerate(self._cases) if i not in self._rows]
        self.listener.left(left(new, [*self._rows.values()], self._analyses), began)


def left(new: Sequence[Case], rows: Sequence[Result], beside: analyses.Analyses) -> Counter[str]:
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
