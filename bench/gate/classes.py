"""The accuracy of each class against the baseline's.

Nineteen intervals of 95 % are wrong about one class or another far more often than one is. So each
is widened until all hold together: Bonferroni's 1 - 0.05 / classes, by the ratio of Student's
quantiles (Miller, Simultaneous Statistical Inference, 1981, section 1.3). The kind of a verdict
follows the wide interval. A model can lose one class and keep its mean: that is what this is for.
"""

import math
from collections.abc import Mapping, Sequence

from bench.gate.limits import difference
from bench.gate.pair import Pair
from bench.gate.verdict import Verdict
from bench.metrics.estimate import LEVEL, Estimate, quantile
from bench.tasks.base import task_of


def class_verdicts(
    pair: Pair,
    differences: Mapping[str, Estimate],
    units: int,
    values: Sequence[Mapping[str, float]],
) -> list[Verdict]:
    """Verdicts on the classes that both runs have.

    Args:
        pair: the case, twice.
        differences: class -> paired difference, now minus before.
        units: images, or groups of them, that were resampled.
        values: class -> value in the baseline, and in the run.
    """
    there = {n: d for n, d in differences.items() if not math.isnan(d.value)}
    compared = sum(d.low is not None for d in there.values())
    factor = widening(compared, units) if compared else 1.0
    words = f"all {compared} classes together"
    own = task_of(pair.new.result.case).class_metric
    return [
        _verdict(pair, f"{own}.{n}", d, factor, words, [v.get(n) for v in values])
        for n, d in there.items()
    ]


def widening(intervals: int, units: int) -> float:
    """Factor on 95 % intervals over so many units that lets them all hold together."""
    tail = (1 - LEVEL) / 2
    return quantile(1 - tail / intervals, units - 1) / quantile(1 - tail, units - 1)


def _verdict(
    pair: Pair,
    metric: str,
    change: Estimate,
    factor: float,
    words: str,
    values: Sequence[float | None],
) -> Verdict:
    was, now = (None if v is None or math.isnan(v) else v for v in values)
    if change.low is None or change.high is None:
        why = f"no interval: {change.note}"
        return pair.verdict(metric, "undecided", why, baseline=was, current=now)
    # One of the ends may have been cut at a difference of 1.
    plain = max(change.high - change.value, change.value - change.low)
    half = factor * plain
    low, high = max(-1.0, change.value - half), min(1.0, change.value + half)
    why = (
        f"{100 * change.value:+.2f} points [{100 * low:+.2f}, {100 * high:+.2f}, {words}], "
        f"margin {100 * pair.limit(metric).bound:g}"
    )
    return difference(pair, metric, (low, high), half, plain, why, baseline=was, current=now)
