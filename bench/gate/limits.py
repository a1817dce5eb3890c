"""Size, memory and agreement against limits: numbers whose noise is small beside the limit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.gate.comparable import SEEN, accuracy_fields, machine_fields, named, place_fields
from bench.gate.verdict import Kind, Verdict
from bench.spec.policy import GatePolicy

if TYPE_CHECKING:
    from bench.gate.pair import Pair
    from bench.record.parity import ParityMeasurement


def size(pair: Pair, policy: GatePolicy) -> Verdict | None:
    """Verdict on the artifact's size on disk."""
    return _by_ratio(pair, "file_bytes", "file", policy.size_ratio, GatePolicy().size_ratio)


def memory(pair: Pair, policy: GatePolicy) -> Verdict | None:
    """Verdict on the peak resident memory; incomparable on another machine or protocol."""
    return _memory(pair, policy, "rss_peak_bytes", "peak memory")


def gpu_memory(pair: Pair, policy: GatePolicy) -> Verdict | None:
    """Verdict on the peak that the framework allocated on a GPU; None without one."""
    return _memory(pair, policy, "gpu_allocated_peak_bytes", "peak GPU memory")


def agreement(pair: Pair, policy: GatePolicy) -> Verdict | None:
    """Verdict on the share of labels equal to the reference's, over the images of both runs."""
    name = "agreement"
    if (gone := pair.gone(name, guarded=policy.agreement_drop is not None)) or not pair.both(name):
        return gone
    fields = accuracy_fields(pair.old.result, pair.new.result)
    if set(fields) - {SEEN}:
        return pair.incomparable(name, f"measured under another protocol: {named(fields)}")
    old, new = (r.result.get("parity") for r in (pair.old, pair.new))
    if old.reference != new.reference:
        why = f"the reference variant was {old.reference}, now {new.reference}"
        return pair.incomparable(name, why)
    shared = set(old.images) & set(new.images)
    was, now = _share(old, shared), _share(new, shared)
    if was is None or now is None:
        return pair.incomparable(name, "the runs share no image whose labels were compared")
    limit = policy.agreement_drop
    margin = limit if limit is not None else GatePolicy().agreement_drop or 0.0
    kind = by_margin(now - was, now - was, margin)
    why = f"{100 * (now - was):+.2f} points, at most -{100 * margin:g} allowed"
    blocks = kind == "regressed" and limit is not None
    return pair.verdict(name, kind, why, baseline=was, current=now, blocks=blocks)


def place_apart(pair: Pair, name: str) -> Verdict | None:
    """Verdict `incomparable` where another machine or timing protocol parts the two, else None."""
    old, new = pair.old.result, pair.new.result
    # What is missing on the same machine is missing, whatever its empty fingerprint says.
    fields = place_fields(old, new) if pair.both(name) else machine_fields(old, new)
    if pair.old.value(name) is None or not fields:
        return None
    return pair.incomparable(name, f"measured under another setting: {named(fields)}")


def by_margin(low: float, high: float, margin: float) -> Kind:
    """Kind of an interval of current - baseline, where more is better.

    A change is called only when the whole interval lies beyond the margin, and its absence only
    when the whole interval lies within; everything else is undecided.
    """
    if high < -margin:
        return "regressed"
    if low > margin:
        return "improved"
    return "unchanged" if -margin <= low and high <= margin else "undecided"


def by_ratio(low: float, high: float, limit: float) -> Kind:
    """Kind of an interval of current / baseline, where less is better; the mirror is 1 / limit."""
    if low > limit:
        return "regressed"
    if high < 1 / limit:
        return "improved"
    return "unchanged" if 1 / limit <= low and high <= limit else "undecided"


def _memory(pair: Pair, policy: GatePolicy, name: str, what: str) -> Verdict | None:
    if apart := place_apart(pair, name):
        return apart
    return _by_ratio(pair, name, what, policy.memory_ratio, GatePolicy().memory_ratio)


def _by_ratio(
    pair: Pair, name: str, what: str, limit: float | None, default: float | None
) -> Verdict | None:
    """Verdict on a number without noise to speak of; it blocks only where the policy has a limit."""
    if gone := pair.gone(name, guarded=limit is not None):
        return gone
    was, now = pair.old.value(name), pair.new.value(name)
    if was is None or now is None:
        return None
    bound = limit if limit is not None else default or 1.0
    # An empty file can't be divided by; it has grown beyond any limit, or not at all.
    ratio = now / was if was else float(now > 0) * bound * 2 or 1.0
    kind = by_ratio(ratio, ratio, bound)
    why = f"{what} {ratio:.3g} times the baseline's, at most {bound:g} allowed"
    blocks = kind == "regressed" and limit is not None
    return pair.verdict(name, kind, why, blocks=blocks)


def _share(parity: ParityMeasurement, images: set[str]) -> float | None:
    """Share of equal labels over the given images, or None where nothing was counted."""
    rows = zip(parity.images, parity.equal, parity.total, strict=False)
    counted = [(equal, total) for image, equal, total in rows if image in images]
    everything = sum(total for _, total in counted)
    return sum(equal for equal, _ in counted) / everything if everything else None
