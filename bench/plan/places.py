"""Which place a case runs at: one that its target fits, that has the same data, and is least busy."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field

from bench.plan import tries
from bench.plan.graph import Graph, Prepared
from bench.plan.setting import StepFailed
from bench.plan.walk import Walk
from bench.record.environment import Environment
from bench.record.result import Failure
from bench.suite.case import Case


@dataclass
class Places:
    """The places of a run's executor."""

    walk: Walk
    busy: Counter[str] = field(default_factory=Counter)
    """Cases that were begun at a place, and aren't over."""
    _graphs: dict[str, Graph] = field(default_factory=dict)
    _data: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Data set and weights as asked -> their digests, and the place that had them first."""

    def graphs(self) -> list[Graph]:
        """Steps of every place that there still is."""
        there = self.walk.can.places
        for place in there:
            self._graphs.setdefault(place, tries.graph(self.walk, place))
        return [self._graphs[place] for place in there]

    def fitting(self, case: Case, identity: str = "") -> list[Graph]:
        """Places that a case runs at, the least busy first; of one machine's identity, if told."""
        found = []
        for graph in self.graphs():
            try:
                if not graph.skips(case) and identity in {"", graph.told.machine.identity}:
                    found.append(graph)
            except StepFailed as e:
                if not e.lost:
                    raise
        return sorted(found, key=lambda g: self.busy[g.place])

    def choose(self, case: Case, tried: Collection[str] = (), identity: str = "") -> Graph | None:
        """The least busy place that a case runs at and wasn't tried, of that machine if possible."""
        there = [g for g in self.fitting(case) if g.place not in tried]
        like = [g for g in there if g.told.machine.identity == identity]
        return next(iter(like or there), None)

    def nearest(self, case: Case) -> tuple[Graph, str]:
        """Place that lacks least of what a case needs, and the reason why even that can't run it."""
        can = self.walk.can
        if not can.places:
            return next(iter(self._graphs.values())), "no node is left"
        graph = min(self.graphs(), key=lambda g: g.lacks(case))
        reason = graph.skips(case)
        if len(can.places) == 1 and not can.refused:
            return graph, reason
        refused = "".join(f"; {name} is refused: {why}" for name, why in can.refused.items())
        return graph, f"no node runs it; nearest is {graph.place}: {reason}{refused}"

    def environment(self, graph: Graph, case: Case) -> Environment:
        """Place and moment, as a case begins; the place by name where there are several."""
        found = graph.environment(case)
        alone = self.walk.setting.executor == "local"
        return found if alone else found.model_copy(update={"place": graph.place})

    def agree(self, graph: Graph, made: Prepared) -> None:
        """Hold the images and the weights of a place against those of the first that had them.

        Raises:
            StepFailed: they differ.
        """
        case = made.case
        own = f"{made.data.digest} {case.weights_digest}"
        key = f"{case.dataset.name} {case.model.name} {case.protocol.images}"
        first, where = self._data.setdefault(key, (own, graph.place))
        if own != first:
            what = "images" if first.split()[0] != made.data.digest else "weights"
            message = (
                f"The {what} of {case.dataset.name if what == 'images' else case.model.name} at "
                f"{graph.place} aren't those at {where} (digests {own[:8]} and {first[:8]})."
            )
            raise StepFailed(Failure(step="dataset", type="other data", message=message), lost=True)
