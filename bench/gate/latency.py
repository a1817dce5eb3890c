"""Latency against a stored run: it informs, and blocks only far beyond what a machine's mood does.

Two stored runs of the same code differ by tens of percent on a shared machine from one hour or
neighbour to the next, which neither run can know. So the limit is wide (1.5), and nothing below it is
called a regression. Small slow-downs need live pairs (`bench.gate.live`), not a stored baseline.

Absolute latency is compared on one machine only. Where another machine measured, the ratio to the
suite's reference variant is, since both numbers of a ratio come from the same machine and hour; it
may block only where both processors have the same instructions, as int8 pays off by instructions.
"""

from typing import Any

from bench.gate import launches
from bench.gate.comparable import differing, machine_fields, named, timing_fields
from bench.gate.limits import by_ratio, place_apart, smallest_ratio
from bench.gate.pair import Pair
from bench.gate.verdict import Verdict
from bench.metrics.estimate import Estimate
from bench.metrics.rows import reference_of
from bench.record.result import Result

NAME = "latency_p50_ms"
RELATIVE = "latency_ratio"


def latency(pair: Pair) -> Verdict | None:
    """Verdict on the median end-to-end latency; incomparable on another machine or protocol."""
    if apart := place_apart(pair, NAME):
        return apart
    if (gone := pair.gone(NAME)) or not pair.both(NAME):
        return gone
    found = launches.ratio(pair.new.result.get("timing"), pair.old.result.get("timing"))
    return _judged(pair, NAME, found, f"{found.value:.3g} times the baseline's")


def relative(pair: Pair) -> Verdict | None:
    """Verdict on latency over the reference's, where another machine measured; else None."""
    old, new = pair.old.result, pair.new.result
    apart = machine_fields(old, new) and not timing_fields(old, new)
    if not apart or new.case.is_reference or not pair.both(NAME):
        return None
    if not pair.both(RELATIVE):
        reasons = [m.reason for r in (pair.old, pair.new) if (m := r.metrics.get(RELATIVE))]
        why = next((r for r in reasons if r), "not measured")
        return pair.incomparable(RELATIVE, f"no ratio to the reference variant: {why}")
    was, now = reference_of(pair.old_run, old), reference_of(pair.new_run, new)
    if was is None or now is None or was.case.variant.slug != now.case.variant.slug:
        return pair.incomparable(RELATIVE, "the two runs have other reference variants")
    mine, theirs = ((a.get("timing"), b.get("timing")) for a, b in ((new, now), (old, was)))
    found = launches.relative(mine, theirs)
    said = f"{found.value:.3g} times the baseline's ratio to {now.case.variant.slug}"
    verdict = _judged(pair, RELATIVE, found, said)
    if verdict.blocks and (other := _instructions(old, new)):
        why = f"{verdict.why}; it informs, as the machines differ in kind: {other}"
        return verdict.model_copy(update={"blocks": False, "why": why})
    return verdict


def _judged(pair: Pair, name: str, found: Estimate, said: str) -> Verdict:
    low, high, limit = found.low, found.high, pair.limit(name).bound
    if low is None or high is None:
        return pair.verdict(name, "undecided", f"{said}, but {found.note}")
    kind = by_ratio(low, high, limit)
    why = f"{said} [{low:.3g}, {high:.3g}] ({found.note}), limit {limit:g}"
    if kind == "unchanged" and not low <= 1 <= high:
        why += ": less than stored runs can prove"
    more: dict[str, Any] = {"low": low, "high": high, "compared": "ratio"}
    if kind == "undecided":
        more["smallest"] = smallest_ratio(low, high, limit)
        why += f"; less than {more['smallest']:.2g} times could not have been seen"
    return pair.verdict(name, kind, why, **more)


def _instructions(old: Result, new: Result) -> str:
    """What the two machines can do differently, as `was, now`; empty where they are alike."""
    kinds = (
        {
            "architecture": place.machine.architecture if place else None,
            "instructions": sorted(place.flags) if place else [],
            "gpu": [g.name for g in place.machine.gpus] if place else [],
        }
        for place in (old.environment, new.environment)
    )
    return named(differing(*kinds))
