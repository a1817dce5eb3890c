"""What the gate says: verdicts, and the judgement that they add up to."""

import fnmatch
from collections import Counter
from typing import Literal, get_args

from bench import registry
from bench.metrics.catalog import info
from bench.record.base import Record
from bench.suite.policy import GATED, GatePolicy, class_of

SCHEMA = 2
"""Of `segbench gate --json`. History: 1 = the first (2026-11); 2 = verdicts on single classes, live
pairs and ratios to the reference; `smallest`, `only`, `metric`, `blessed` (2026-11)."""

Kind = Literal["regressed", "missing", "incomparable", "undecided", "improved", "unchanged"]
KINDS: tuple[Kind, ...] = get_args(Kind)
"""In the order in which a reader wants them."""
STATUS, LIVE = "status", "latency_live"
"""Names under which a case's status and live pairs are judged; the others are the catalog's."""
MEASURING = frozenset(GATED) - {STATUS, "file_bytes", "iou.*"}
"""Metrics that need a measurement, as does accuracy; the size of a file alone doesn't
make a gate."""


def measuring(pattern: str) -> bool:
    """Whether a name, or a pattern of names, covers a metric that needs a measurement."""
    accuracy = (registry.load("task", name).headline for name in registry.entries("task"))
    names = {*MEASURING, *accuracy, *([pattern] if class_of(pattern) else [])}
    return any(fnmatch.fnmatchcase(name, pattern) for name in names)


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
    """Lower end of the interval of `compared` (95 %; of classes so that all hold together); None
    where the number has no noise."""
    high: float | None = None
    compared: Literal["difference", "ratio", ""] = ""
    """What the interval is about: current - baseline, or current / baseline."""
    smallest: float | None = None
    """Of `undecided`: the smallest drop (fraction) or ratio that would have been called a
    regression in 95 % of repeats."""
    why: str
    """One sentence."""
    blocks: bool = False

    @property
    def values(self) -> str:
        """`43.15 % -> 41.02 %`, once where both are alike; empty where there is neither."""
        if self.baseline is None and self.current is None:
            return ""
        both = dict.fromkeys(map(info(self.metric).text, (self.baseline, self.current)))
        return " -> ".join(both)

    @property
    def label(self) -> str:
        """The metric in words."""
        return info(self.metric).label


class Judgement(Record):
    """All verdicts of a run, the policy that they follow, and what stands outside the comparison."""

    policy: GatePolicy
    """The baseline's own: a run can't loosen the gate that it has to pass."""
    verdicts: tuple[Verdict, ...]
    new: tuple[str, ...] = ()
    """Cases that the baseline doesn't know; they are guarded once they are blessed."""
    notes: tuple[str, ...] = ()
    only: str = "*"
    """Cases that were judged: a shell pattern over ids."""
    metric: str = "*"
    """Metrics that were judged: a shell pattern over names."""
    live: str = ""
    """What live pairs were asked against; empty where they weren't."""

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
        """Whether any number that was asked for was in fact compared with the baseline's.

        Sizes alone don't count, unless somebody asked for them alone; live pairs must count where
        somebody asked for them.
        """
        compared = {v.metric for v in self.verdicts if v.kind not in {"missing", "incomparable"}}
        if self.live and fnmatch.fnmatchcase(LIVE, self.metric) and LIVE not in compared:
            return False
        return any(map(measuring, compared)) if measuring(self.metric) else bool(compared)

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
            what = "live pair was measured" if self.live else "number of this run can be compared"
            return f"The gate measured nothing: no {what}."
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
