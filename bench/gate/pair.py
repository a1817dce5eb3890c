"""A case in the baseline and in the run, and verdicts about the two."""

from dataclasses import dataclass, field
from typing import Any

from bench.gate.verdict import Kind, Verdict
from bench.metrics.base import Row
from bench.record.store import Run
from bench.suite.policy import GatePolicy, Limit


@dataclass(frozen=True)
class Pair:
    """The same case twice, measured (ok or wrong) both times."""

    old: Row
    """In the baseline."""
    new: Row
    """In the run that is judged."""
    old_run: Run
    new_run: Run
    policy: GatePolicy = field(default_factory=GatePolicy)
    """Of the baseline."""

    def limit(self, metric: str) -> Limit:
        """Limit of a metric for this case."""
        return self.policy.limit(metric, self.new.id)

    def both(self, metric: str) -> bool:
        """Whether the metric has a value on both sides."""
        return self.old.value(metric) is not None and self.new.value(metric) is not None

    def gone(self, metric: str) -> Verdict | None:
        """Verdict `missing` where the baseline has a value and the run has none, else None."""
        if self.old.value(metric) is None or self.new.value(metric) is not None:
            return None
        found = self.new.metrics.get(metric)
        why = f"the baseline has it and this run has not: {found.reason if found else 'no reason'}"
        return self.verdict(metric, "missing", why)

    def incomparable(self, metric: str, why: str) -> Verdict:
        """Verdict that says why the two values aren't compared; it informs."""
        return self.verdict(metric, "incomparable", why)

    def verdict(self, metric: str, kind: Kind, why: str, **more: Any) -> Verdict:
        """Verdict on a metric, with the rows' values unless others are given."""
        blocks = kind in {"regressed", "missing"} and self.limit(metric).blocks
        if "baseline" not in more:
            more |= {"baseline": self.old.value(metric), "current": self.new.value(metric)}
        return Verdict(case=self.new.id, metric=metric, kind=kind, why=why, blocks=blocks, **more)
