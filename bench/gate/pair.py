"""A case in the baseline and in the run, and verdicts about the two."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bench.gate.verdict import Kind, Verdict

if TYPE_CHECKING:
    from bench.metrics.base import Row
    from bench.record.store import Run


@dataclass(frozen=True)
class Pair:
    """The same case twice, measured (ok or wrong) both times."""

    old: Row
    """In the baseline."""
    new: Row
    """In the run that is judged."""
    old_run: Run
    new_run: Run

    def both(self, metric: str) -> bool:
        """Whether the metric has a value on both sides."""
        return self.old.value(metric) is not None and self.new.value(metric) is not None

    def gone(self, metric: str, *, guarded: bool) -> Verdict | None:
        """Verdict `missing` where the baseline has a value and the run has none, else None."""
        if self.old.value(metric) is None or self.new.value(metric) is not None:
            return None
        found = self.new.metrics.get(metric)
        why = f"the baseline has it and this run has not: {found.reason if found else 'no reason'}"
        return self.verdict(metric, "missing", why, blocks=guarded)

    def incomparable(self, metric: str, why: str) -> Verdict:
        """Verdict that says why the two values aren't compared; it informs."""
        return self.verdict(metric, "incomparable", why)

    def verdict(self, metric: str, kind: Kind, why: str, **more: Any) -> Verdict:
        """Verdict on a metric, with the rows' values unless others are given."""
        if "baseline" not in more:
            more |= {"baseline": self.old.value(metric), "current": self.new.value(metric)}
        return Verdict(case=self.new.id, metric=metric, kind=kind, why=why, **more)
