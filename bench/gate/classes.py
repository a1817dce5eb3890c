"""The accuracy of each class against the baseline's.

Nineteen intervals of 95 % are wrong about one class or another far more often than one is. So each
is widened until all hold together: Bonferroni's 1 - 0.05 / classes, by the ratio of Student's
quantiles (Miller, Simultaneous Statistical Inference, 1981, section 1.3). The kind of a verdict
follows the wide interval. A model can lose one class and keep its mean: that is what this is for.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from bench.gate.limits import by_margin, smallest_drop
from bench.metrics.estimate import LEVEL, quantile
from bench.tasks.base import task_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bench.gate.pair import Pair
    from bench.gate.verdict import Verdict
    from bench.metrics.estimate import Estimate
    from bench.suite.policy import GatePolicy


def class_verdicts(
    pair: Pair,
    policy: GatePolicy,
    differences: Mapping[str, Estimate],
    units: int,
    values: Sequence[Mapping[str, float]],
) -> list[Verdict]:
    """Verdicts on the classes that both runs have.

    Args:
        pair: the case, twice.
        policy: of the baseline.
        differences: class -> paired difference, now minus before.
        units: images, or groups of them, that were resampled.
        values: class -> value in the baseline, and in the run.
    """
    there = [(n, d) for n, d in differences.items() if not math.isnan(d.value)]
    compared = sum(d.low is not None for _, d in there)
    factor = widening(compared, units) if compared else 1.0
    words = f"all {compared} classes together"
    own = task_of(pair.new.result.case).class_metric
    return [
        _verdict(pair, policy, f"{own}.{n}", d, factor, words, [v.get(n) for v in values])
        for n, d in there
    ]


def widening(intervals: int, units: int) -> float:
    """Factor on 95 % intervals over so many units that lets them all hold together."""
    tail = (1 - LEVEL) / 2
    return quantile(1 - tail / intervals, units - 1) / quantile(1 - tail, units - 1)


def _verdict(
    pair: Pair,
    policy: GatePolicy,
    metric: str,
    change: Estimate,
    factor: float,
    words: str,
    values: Sequence[float | None],
) -> Verdict:
    limit = policy.limit(metric, pair.new.id)
    was, now = (None if v is None or math.isnan(v) else v for v in values)
    more: dict[str, Any] = {"baseline": was, "current": now}
    if change.low is None or change.high is None:
        return pair.verdict(metric, "undecided", f"no interval: {change.note}", **more)
    # One of the ends may have been cut at a difference of 1.
    plain = max(change.high - change.value, change.value - change.low)
    half = factor * plain
    low, high = max(-1.0, change.value - half), min(1.0, change.value + half)
    kind = by_margin(low, high, limit.bound)
    why = (
        f"{100 * change.value:+.2f} points [{100 * low:+.2f}, {100 * high:+.2f}, {words}], "
        f"margin {100 * limit.bound:g}"
    )
    if kind == "undecided":
        more["smallest"] = smallest_drop(half, limit.bound, plain)
        why += f"; a drop under {100 * more['smallest']:.2g} could not have been seen"
    more |= {"low": low, "high": high, "compared": "difference"}
    return pair.verdict(metric, kind, why, blocks=kind == "regressed" and limit.blocks, **more)
