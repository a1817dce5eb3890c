"""The accuracy of one case, counted in shards at several places side by side.

A place takes a shard that no place has yet. When all are taken, an idle place repeats one that takes
much longer than the others did; the copy that is there first counts.
"""

import statistics
import time
from dataclasses import dataclass, field
from typing import Any, cast

from bench.execute.base import Outcome
from bench.jobs.measure import CaseReport, ShardJob, ShardReport
from bench.plan.graph import Graph, Prepared
from bench.plan.places import Places
from bench.plan.setting import StepFailed
from bench.plan.shards import join, part
from bench.plan.walk import Node, Routine
from bench.record.store import packed
from bench.suite.case import Case

LATE = 2.0
"""Times the median shard's time after which an idle place repeats a shard."""


def count(case: Case, made: Prepared) -> int:
    """Shards of a prepared case: as many as asked for, but none without a batch."""
    batches = -(-made.data.images // made.ran.protocol.batch_size)
    return min(case.protocol.shards, batches)


@dataclass
class Pool:
    """The shards of one case."""

    places: Places
    asked: Case
    """As the suite has it; each place finds its weights and images by itself."""
    case: Case
    count: int
    done: dict[int, Outcome] = field(default_factory=dict)
    failed: StepFailed | None = None
    _nodes: list[Node] = field(default_factory=list)
    """Jobs that were begun."""
    _helpers: int = 0
    """Routines that go on counting."""
    _began: dict[int, list[float]] = field(default_factory=dict)
    """Shard -> when each copy that runs was begun."""
    _took: list[float] = field(default_factory=list)
    _avoid: dict[int, set[str]] = field(default_factory=dict)
    """Shard -> places that lost it."""

    def counted(self, own: Graph) -> Routine[None]:
        """Have all shards counted at places whose machine is that of the case's own place.

        Raises:
            StepFailed: a shard failed, or was lost too often.
        """
        walk, cores = self.places.walk, self.places.walk.can.prepares
        for graph in self.places.fitting(self.case, own.told.machine.identity):
            side_by_side = max(1, cores.get(graph.place, 1) // graph.threads(self.case))
            for _ in range(min(side_by_side, self.count)):
                self._helpers += 1
                walk.add(self._help(graph))
        while not self.over:
            yield None
        walk.give_up(self._nodes)
        if self.failed is not None:
            raise self.failed

    @property
    def over(self) -> bool:
        """Whether nothing is to be counted any more."""
        return len(self.done) == self.count or self.failed is not None

    def _help(self, graph: Graph) -> Routine[None]:
        """Count shards at one place until there are none left, or the place is lost."""
        try:
            case = yield from graph.identified(self.asked)
            self.places.agree(graph, (yield from graph.prepared(case)))
            while not self.over and graph.place in self.places.walk.can.places:
                k = self._take(graph.place)
                if k is None:
                    yield None
                    continue
                shard, what = (k, self.count), f"shard {k + 1} of {self.count}"
                try:
                    made, reference, absent = yield from graph.compared(case, shard)
                    asks = {"reference": reference, "reference_absent": absent, "shard": shard}
                    node = graph.measured(ShardJob, made, what, **asks)
                    self._nodes.append(node)
                    outcome = yield node
                    self._took.append(time.monotonic() - self._began[k][0])
                    self.done.setdefault(k, outcome)
                except StepFailed as e:
                    self._lose(k, graph.place, e)
        except StepFailed as e:
            if not e.elsewhere or self._helpers == 1:
                self.failed = self.failed or e
        finally:
            self._helpers -= 1

    def _take(self, place: str) -> int | None:
        """A shard that no place has, else one that is late; None = there is none now."""
        now, late = time.monotonic(), LATE * statistics.median(self._took or [float("inf")])
        for least in (0.0, late):
            for k in range(self.count):
                began = self._began.get(k, [])
                fresh, overdue = not began, len(began) == 1 and now - began[0] > least > 0
                if k in self.done or place in self._avoid.get(k, ()):
                    continue
                if fresh or overdue:
                    self._began[k] = [*began, now]
                    return k
        return None

    def _lose(self, k: int, place: str, why: StepFailed) -> None:
        """Leave a lost shard to other places; where there are none, the case has failed."""
        if self.over or k in self.done:
            return
        self._began[k].pop(0)
        self._avoid.setdefault(k, set()).add(place)
        others = {g.place for g in self.places.fitting(self.case)} - self._avoid[k]
        if not why.lost or not others:
            self.failed = why

    def outcome(self, timed: Outcome | None, wall_s: float) -> Outcome:
        """As of a case that was measured in one process.

        `timed` is the outcome of the job that timed it, if one did; counting took `wall_s`.
        """
        done = [(cast("ShardReport", o.report), o.files) for o in self.done.values()]
        limited = self.case.protocol.accuracy_limit_s is not None
        whole, arrays = join([part(*each) for each in done], limited=limited)
        stored = {n: c for _, files in done for n, c in files.items() if n.startswith("media/")}
        found: dict[str, Any] = {m.kind: m for m in whole.measurements}
        for kind, content in arrays.items():
            file, packing = packed(self.case.id, kind, content)
            stored[f"cases/{file.file}"] = packing
            found[kind] = found[kind].model_copy(update={"arrays": file})
        last = [found.pop(kind) for kind in ("parity", "gallery") if kind in found]
        own = cast("CaseReport", timed.report) if timed else whole
        counting_s = max(report.times["accuracy_s"] for report, _ in done)
        report = CaseReport(
            measurements=(*found.values(), *(own.measurements if timed else ()), *last),
            effective=own.effective,
            weights=own.weights,
            seen=len(whole.images),
            asked=whole.asked,
            times={**own.times, "accuracy_s": counting_s},
        )
        base = timed or self.done[0]
        wall = wall_s + (timed.wall_s if timed else 0.0)
        return Outcome(report=report, files=stored, startup_s=base.startup_s, wall_s=wall)
