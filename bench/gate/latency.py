"""Latency against a stored run: it informs, and blocks only far beyond what a machine's mood does.

The interval of the ratio comes from the samples of both runs, and knows the noise within them. What
changes from one process, hour or neighbour to the next it can't know: two stored runs of the same
code differ by tens of percent on a shared machine. So the limit is wide (1.5), and nothing below it
is called a regression. Small slow-downs need interleaved pairs, not a stored baseline.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.gate.limits import by_ratio, place_apart
from bench.gate.verdict import Verdict
from bench.metrics.latency import median_ratio
from bench.spec.policy import GatePolicy

if TYPE_CHECKING:
    from bench.gate.pair import Pair
    from bench.record.result import Result

NAME = "latency_p50_ms"


def latency(pair: Pair, policy: GatePolicy) -> Verdict | None:
    """Verdict on the median end-to-end latency; incomparable on another machine or protocol."""
    if apart := place_apart(pair, NAME):
        return apart
    if (gone := pair.gone(NAME, guarded=policy.latency_ratio is not None)) or not pair.both(NAME):
        return gone
    old, new = samples_ns(pair.old.result), samples_ns(pair.new.result)
    ratio, low, high = median_ratio(new, old)
    said = f"{ratio:.2f} times the baseline's"
    if low is None or high is None:
        why = f"{said}, but {len(old)} and {len(new)} samples are too few for an interval"
        return pair.verdict(NAME, "undecided", why)
    limit = policy.latency_ratio
    bound = limit if limit is not None else GatePolicy().latency_ratio or 1.0
    kind = by_ratio(low, high, bound)
    why = f"{said} [{low:.2f}, {high:.2f}], limit {bound:g}"
    if kind == "unchanged" and not low <= 1 <= high:
        why += ": less than a stored run can prove"
    blocks = kind == "regressed" and limit is not None
    return pair.verdict(NAME, kind, why, low=low, high=high, compared="ratio", blocks=blocks)


def samples_ns(result: Result) -> list[int]:
    """Every end-to-end sample of all launches, nanoseconds, in order; none is left out."""
    timing = result.get("timing")
    return [ns for launch in timing.launches for ns in launch.end_to_end_ns] if timing else []
