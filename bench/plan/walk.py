"""Walks the steps of a run: each is done once, as soon as what it needs is there, by an executor.

A routine is a generator that yields the steps it waits for. Routines are in order: a later one begins
only where the earlier ones leave room, so that with an executor that does one job at a time they
follow each other.
"""

from __future__ import annotations

import traceback
from collections import Counter
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, TypeVar, cast

from bench import registry
from bench.execute.base import Capabilities, Executor, Outcome
from bench.execute.process import TAIL_LINES
from bench.jobs.base import Job
from bench.jobs.prepare import ArtifactJob, ProbeJob, ProbeReport
from bench.plan.setting import Setting, StepFailed, Steps
from bench.record.result import Failure
from bench.record.store import file_stem
from bench.suite.case import Case

R = TypeVar("R")
Wanted: TypeAlias = "Node | tuple[Node, ...] | None"
Routine: TypeAlias = Generator[Wanted, Any, R]
"""Yields what it waits for, and gets it: the outcome of a job, or what a function gave; of several
nodes, a list. None waits until something has happened, or a second has passed."""
PROBE_S = 60.0
PAUSE_S = 1.0
TRIES = 2
"""Times that a job is begun at a place, where it is lost, before the place counts as lost for it."""


@dataclass(frozen=True)
class Node:
    """A step."""

    key: str
    """Equal keys are the same step."""
    case: Case
    """First case that needs it."""
    place: str
    job: Job | Callable[[], Any]
    """What is to be done; a function is called here, and its result is the node's value."""
    needs: tuple[Node, ...] = ()
    """Steps that come before it; it fails where one of them does."""
    kind: Literal["prepare", "measure"] = "prepare"
    """A step that measures has its place to itself."""
    what: str = ""
    """What the listener is told when the job begins."""
    optional: bool = False
    """A routine that waits for it gets its StepFailed, instead of failing with it."""


@dataclass
class _Entry:
    """A routine, and what it waits for."""

    routine: Routine[None]
    wanted: Wanted = None

    @property
    def nodes(self) -> tuple[Node, ...]:
        """What it waits for."""
        if self.wanted is None:
            return ()
        return self.wanted if isinstance(self.wanted, tuple) else (self.wanted,)


class Walk:
    """The walk of one run: what was done, and what runs."""

    def __init__(self, setting: Setting, listener: Steps, executor: Executor | None = None) -> None:
        self.setting, self.listener = setting, listener
        load = registry.load("executor", setting.executor)
        self.executor = executor or load(setting.cache, setting.address)
        self.made: list[str] = []
        """Digests of the artifacts that were made, not found."""
        self._done: dict[str, Any] = {}
        """Key -> Outcome, value, or StepFailed."""
        self._running: dict[Future[Outcome], Node] = {}
        self._active: list[_Entry] = []
        self._now: _Entry | None = None
        """The routine that goes on at this moment."""
        self._lost: Counter[str] = Counter()
        """Key -> times that the job was lost."""

    @property
    def can(self) -> Capabilities:
        """Places that there are now, and what they can."""
        return self.executor.capabilities()

    def add(self, routine: Routine[None]) -> None:
        """Add a routine to those that run, before the one that calls this."""
        at = self._active.index(self._now) if self._now in self._active else 0
        self._active.insert(at, _Entry(routine))

    def give_up(self, nodes: Iterable[Node]) -> None:
        """End jobs whose results aren't needed any more."""
        keys = {node.key for node in nodes}
        for future, node in tuple(self._running.items()):
            if node.key in keys:
                del self._running[future]
                future.cancel()
                said = Failure(step="case", type="given up", message="It isn't needed any more.")
                self._done[node.key] = StepFailed(said)

    def run(self, routines: Iterable[Routine[None]]) -> None:
        """Run routines to their ends; whatever one of them raises ends the walk."""
        outer, waiting, active = self._active, iter(routines), list[_Entry]()
        self._active = active
        while True:
            self._collect()
            for self._now in tuple(active):
                if not self._resume(self._now):
                    active.remove(self._now)
            if self._begin(active):
                continue
            if any(self._room(place, "prepare") for place in self.can.places):
                routine = next(waiting, None)
                if routine is not None:
                    active.append(_Entry(routine))
                    continue
            pausing = any(entry.wanted is None for entry in active)
            if self._running:
                pause = PAUSE_S if pausing else None
                wait(self._running, timeout=pause, return_when=FIRST_COMPLETED)
            elif not pausing:
                break
        self._active = outer

    def result(self, routine: Routine[R]) -> R:
        """What a routine returns.

        Raises:
            StepFailed: a step that it waits for failed.
        """
        found = []

        def keeping() -> Routine[None]:
            found.append((yield from routine))

        self.run([keeping()])
        return found[0]

    def do(self, job: Job, case: Case, place: str) -> Outcome:
        """Outcome of a job that measures and is no step of its own; waits for it."""
        return self._submit(job, place, case.id, case.protocol.timeout_s).result()

    def probe(self, place: str, *cases: Case, environments: bool = False) -> ProbeReport:
        """What a place says about itself and about cases."""
        job = ProbeJob(cases=cases, environments=environments)
        done = self._submit(job, place, place, PROBE_S).result()
        if failed := StepFailed.of(done):
            raise failed
        return cast("ProbeReport", done.report)

    def _submit(self, job: Job, place: str, whose: str, limit_s: float) -> Future[Outcome]:
        return self.executor.submit(
            job,
            place=place,
            timeout_s=limit_s,
            log=self.setting.run / "logs" / f"{file_stem(whose)}.{job.log}.log",
            progress=self.listener.progress,
        )

    def _collect(self) -> None:
        """Note what has ended meanwhile."""
        for future in [f for f in self._running if f.done()]:
            node = self._running.pop(future)
            try:
                found = future.result()
            except Exception as e:  # noqa: BLE001 - one step must not end the others
                self._done[node.key] = StepFailed(surprise(e))
                continue
            if found.lost:
                self._lost[node.key] += 1
                if node.place in self.can.places and self._lost[node.key] < TRIES:
                    continue  # whoever waits for it has it begun again
            self._done[node.key] = StepFailed.of(found) or found

    def _resume(self, entry: _Entry) -> bool:
        """Give a routine what it waits for, while that is there; False at its end."""
        try:
            if entry.wanted is None:
                entry.wanted = next(entry.routine)
            while entry.wanted is not None and self._over(entry):
                failed = self._failed(entry.nodes)
                if failed is not None:
                    again = StepFailed(failed.failure, skipped=failed.skipped, lost=failed.lost)
                    entry.wanted = entry.routine.throw(again)
                    continue
                found = [self._taken(node) for node in entry.nodes]
                entry.wanted = entry.routine.send(
                    found if isinstance(entry.wanted, tuple) else found[0]
                )
        except StopIteration:
            return False
        return True

    def _over(self, entry: _Entry) -> bool:
        """Whether a routine can go on."""
        there = all(node.key in self._done for node in entry.nodes)
        return there or self._failed(entry.nodes) is not None

    def _failed(self, nodes: Iterable[Node]) -> StepFailed | None:
        """The first failure of a step that isn't optional."""
        ended = (self._done.get(node.key) for node in nodes if not node.optional)
        return next((found for found in ended if isinstance(found, StepFailed)), None)

    def _taken(self, node: Node) -> Any:
        found = self._done[node.key]
        if isinstance(found, Outcome) and (node.kind == "measure" or found.files):
            del self._done[node.key]  # one case alone needs it, and its arrays are large
        return found

    def _begin(self, active: list[_Entry]) -> bool:
        """Begin the first step that can; False where none can."""
        held = set()
        for entry, wanted in [(each, node) for each in active for node in each.nodes]:
            node = self._ready(wanted)
            if node is None:
                if self._over(entry):  # what it needs has failed
                    return True
            elif node.place not in held and self._room(node.place, node.kind):
                self._start(node)
                return True
            else:
                held.add(node.place)  # a later routine must not keep it busy for ever
        return False

    def _ready(self, node: Node) -> Node | None:
        """First step, in the order of needs, that a node waits for and that can begin."""
        if node.key in self._done or any(n.key == node.key for n in self._running.values()):
            return None
        for need in node.needs:
            found = self._ready(need)
            if found is not None:
                return found
            if (failed := self._failed([need])) is not None:
                self._done[node.key] = failed
                return None
        return node if all(need.key in self._done for need in node.needs) else None

    def _room(self, place: str, kind: str) -> bool:
        there = Counter(n.kind for n in self._running.values() if n.place == place)
        if kind == "measure":
            return not there
        return not there["measure"] and there["prepare"] < self.can.prepares.get(place, 1)

    def _start(self, node: Node) -> None:
        try:
            job = node.job
            if not isinstance(job, Job):
                self._done[node.key] = job()
                return
            report = self.executor.stands(job, node.place)
            if report is not None:
                self._done[node.key] = Outcome(report=report)
                return
            self.listener.step(node.case, node.what)
            rules, name = node.case.protocol, node.case.id
            limit_s = rules.prepare_timeout_s if node.kind == "prepare" else rules.timeout_s
            self._running[self._submit(job, node.place, name, limit_s)] = node
        except StepFailed as e:
            self._done[node.key] = e
        except Exception as e:  # noqa: BLE001 - one step must not end the others
            self._done[node.key] = StepFailed(surprise(e))
        else:
            if isinstance(job, ArtifactJob):
                self.made.append(job.target)


def surprise(e: Exception) -> Failure:
    """What an unexpected exception of this process says."""
    said = tuple(traceback.format_exception(e))
    lines = "".join(said).splitlines()[-TAIL_LINES:]
    message = str(e) or repr(e)
    return Failure(step="case", type=type(e).__name__, message=message, stderr_tail=tuple(lines))
