"""What the gate says: verdicts, and the judgement that they add up to."""

from __future__ import annotations

from collections import Counter
from typing import Literal

from bench.record.base import Record
from bench.spec.policy import GatePolicy

SCHEMA = 1
"""Of `segbench gate --json`. History: 1 = the first (2026-11)."""

Kind = Literal["improved", "unchanged", "regressed", "undecided", "missing", "incomparable"]

KINDS: tuple[Kind, ...] = (
    "regressed",
    "missing",
    "incomparable",
    "undecided",
    "improved",
    "unchanged",
)
"""In the order in which a reader wants them."""

STATUS = "status"
"""Name under which a case's status is judged; the other metrics are those of the catalog."""

MEASURING = frozenset({
    "miou",
    "agreement",
    "latency_p50_ms",
    "rss_peak_bytes",
    "gpu_allocated_peak_bytes",
})
"""Metrics that need a measurement; the size of a file alone doesn't make a gate."""


class Verdict(Record):
    """One number, or the status, of one case against the baseline's."""

    case: str
    metric: str
    """`status`, or a metric's name."""
    kind: Kind
    baseline: float | str | None = None
    """Value in the baseline; for `status` the word."""
    current: float | str | None = None
    low: float | None = None
    """Lower end of the 95 % interval of `compared`; None where the number has no noise."""
    high: float | None = None
    compared: Literal["difference", "ratio", ""] = ""
    """What the interval is about: current - baseline, or current / baseline."""
    why: str
    """One sentence."""
    blocks: bool = False


class Judgement(Record):
    """All verdicts of a run, the policy that they follow, and what stands outside the comparison."""

    policy: GatePolicy
    """The baseline's own: a run can't loosen the gate that it has to pass."""
    verdicts: tuple[Verdict, ...]
    new: tuple[str, ...] = ()
    """Cases that the baseline doesn't know; they are guarded once they are blessed."""
    notes: tuple[str, ...] = ()

    @property
    def blocking(self) -> tuple[Verdict, ...]:
        """Verdicts that close the gate."""
        return tuple(v for v in self.verdicts if v.blocks)

    @property
    def counts(self) -> dict[str, int]:
        """Kind -> number of verdicts, every kind named."""
        found = Counter(v.kind for v in self.verdicts)
        return {k: found[k] for k in KINDS}

    @property
    def measured(self) -> bool:
        """Whether any measured number was in fact compared with the baseline's."""
        return any(
            v.metric in MEASURING and v.kind not in {"missing", "incomparable"}
            for v in self.verdicts
        )

    @property
    def outcome(self) -> Literal["open", "closed", "nothing measured"]:
        """Open (exit 0), closed (exit 1) or nothing measured (exit 4).

        A case that broke is a finding even where no number was compared; cases that are merely
        absent are not: a gate that measured nothing must never look like one that passed.
        """
        if self.measured:
            return "closed" if self.blocking else "open"
        broken = any(v.kind == "regressed" for v in self.blocking)
        return "closed" if broken else "nothing measured"

    @property
    def sentence(self) -> str:
        """The outcome in words."""
        total = len(self.verdicts)
        if self.outcome == "nothing measured":
            return "The gate measured nothing: no number of this run can be compared."
        aside = self.counts["incomparable"]
        tail = f"; {aside} could not be compared" if aside else ""
        if self.outcome == "open":
            return f"The gate is open: none of {total} verdicts blocks{tail}."
        kinds = Counter(v.kind for v in self.blocking)
        parts = ", ".join(f"{kinds[k]} {k}" for k in KINDS if kinds[k])
        verb = "blocks" if len(self.blocking) == 1 else "block"
        return (
            f"The gate is closed: {len(self.blocking)} of {total} verdicts {verb} ({parts}){tail}."
        )
