"""What the gate blocks, and from where on: limits by metric and case."""

import fnmatch
from collections.abc import Iterable, Sequence
from typing import NamedTuple, Self

from pydantic import Field, model_validator

from bench.errors import SuiteError
from bench.registry import suggest
from bench.suite.base import Spec

GATED: dict[str, tuple[str, str]] = {
    "status": ("", ""),
    "miou": ("margin", "miou_margin"),
    "iou.*": ("margin", "iou_margin"),
    "agreement": ("drop", "agreement_drop"),
    "latency_p50_ms": ("ratio", "latency_ratio"),
    "latency_live": ("ratio", "live_ratio"),
    "latency_ratio": ("ratio", "relative_ratio"),
    "rss_peak_bytes": ("ratio", "memory_ratio"),
    "gpu_allocated_peak_bytes": ("ratio", "memory_ratio"),
    "file_bytes": ("ratio", "size_ratio"),
}
"""Metric that the gate judges -> (key of its limit in a rule, key of its limit in [gate]). Another
task's headline (`pq`) and numbers by class (`pq.person`) have the limits of `miou` and `iou.*`."""


def class_of(metric: str) -> str:
    """Class of a metric: `person` of `iou.person`; empty if it is none of a class."""
    return metric.partition(".")[2]


def limit_keys(metric: str) -> tuple[str, str]:
    """Keys of a metric's limit, in a rule and in [gate]."""
    return GATED.get(metric) or GATED["iou.*" if class_of(metric) else "miou"]


class Limit(NamedTuple):
    """What holds for one metric of one case."""

    bound: float
    """Fraction (margin, drop) or ratio."""
    blocks: bool
    """Whether what lies beyond it closes the gate."""


class Rule(Spec):
    """A [[gate.rule]]: other limits for some metrics of some cases."""

    metric: str
    """Shell pattern over the names in `GATED`, classes as `iou.CLASS`."""
    case: str = "*"
    """Shell pattern over ids, in which `*` crosses `/`."""
    margin: float | None = Field(default=None, ge=0, le=1)
    ratio: float | None = Field(default=None, ge=1)
    drop: float | None = Field(default=None, ge=0, le=1)
    blocks: bool | None = None
    """false = it informs and never blocks, and the gate says so."""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if (self.margin, self.ratio, self.drop, self.blocks) == (None,) * 4:
            raise ValueError("a rule needs one of margin, ratio, drop and blocks")
        return self

    def covers(self, metric: str, case: str) -> bool:
        """Whether the rule is about this metric of this case."""
        return fnmatch.fnmatchcase(metric, self.metric) and fnmatch.fnmatchcase(case, self.case)


class GatePolicy(Spec):
    """Limits of the gate.

    None = that metric informs and never blocks. Only code can say so: TOML has no null. A suite says
    it by a rule with `blocks = false`, which the gate prints each time.
    """

    miou_margin: float | None = Field(default=0.01, ge=0, le=1)
    """Of mIoU, or the headline of another task: a drop whose whole paired interval lies beyond this margin (fraction) is a regression."""
    iou_margin: float | None = Field(default=0.05, ge=0, le=1)
    """The same for a single class; the intervals allow for the number of classes."""
    size_ratio: float | None = Field(default=1.02, ge=1)
    """Largest file size, as a ratio to the baseline."""
    memory_ratio: float | None = Field(default=1.25, ge=1)
    """Largest peak of resident, and of GPU, memory, as a ratio to the baseline."""
    latency_ratio: float | None = Field(default=1.5, ge=1)
    """Stored latency blocks only when the whole interval of the ratio lies beyond this."""
    live_ratio: float | None = Field(default=1.02, ge=1)
    """The same for live pairs; where the machine's calibration asks for more, that holds."""
    relative_ratio: float | None = Field(default=1.5, ge=1)
    """The same for latency over the reference variant's, where another machine measured."""
    agreement_drop: float | None = Field(default=0.02, ge=0, le=1)
    """Largest drop of the share of labels equal to the reference's, fraction."""
    pairs: int = Field(default=10, ge=2, le=10_000)
    """Process pairs that a live gate measures of each case."""
    rule: tuple[Rule, ...] = Field(default=(), max_length=1000)
    """Exceptions, in order: of those that cover a metric of a case, the last to give a key wins."""

    def limit(self, metric: str, case: str) -> Limit:
        """Limit of a metric (of a class as `iou.CLASS`) for the case with this id."""
        key, name = limit_keys(metric)
        own = getattr(self, name) if name else None
        bound = own if own is not None else type(self).model_fields[name].default if name else 0.0
        blocks = own is not None or not name
        for rule in self.rule:
            if rule.covers(metric, case):
                asked = getattr(rule, key) if key else None
                bound = bound if asked is None else asked
                blocks = blocks if rule.blocks is None else rule.blocks
        return Limit(bound, blocks)


def check_rules(policy: GatePolicy, cases: Sequence[str], metrics: Iterable[str]) -> None:
    """Refuse rules that could never apply: a slip there would leave something unguarded.

    `cases` are ids of the suite, `metrics` headlines of its tasks and metrics of its classes.

    Raises:
        SuiteError: a rule matches no metric or no case, or none of its metrics takes its limit.
    """
    known = (*(set(GATED) - {"miou", "iou.*"}), *metrics)
    names = {name: limit_keys(name)[0] for name in known}
    for i, rule in enumerate(policy.rule, 1):
        at = f"gate.rule[{i}]"
        keys = {key for name, key in names.items() if fnmatch.fnmatchcase(name, rule.metric)}
        if not keys:
            raise SuiteError(
                f"{at}: metric = {rule.metric!r} matches no metric that the gate judges.",
                suggest(rule.metric, names),
            )
        if not any(fnmatch.fnmatchcase(case, rule.case) for case in cases):
            raise SuiteError(
                f"{at}: case = {rule.case!r} matches no case of this suite.",
                suggest(rule.case, cases) if "*" not in rule.case else f"One is {cases[0]!r}.",
            )
        for key in ("margin", "ratio", "drop"):
            if getattr(rule, key) is not None and key not in keys:
                takes = " or ".join(sorted(k for k in keys if k)) or "blocks alone"
                raise SuiteError(
                    f"{at}: {key} = {getattr(rule, key)!r} means nothing to {rule.metric!r}.",
                    f"It takes {takes}.",
                )
