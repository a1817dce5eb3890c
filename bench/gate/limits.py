"""Size, memory and agreement against limits: numbers whose noise is small beside the limit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.gate.comparable import SEEN, accuracy_fields, machine_fields, named, place_fields
from bench.gate.verdict import Kind, Verdict

if TYPE_CHECKING:
    from bench.gate.pair import Pair
    from bench.record.parity import ParityMeasurement
    from bench.suite.policy import GatePolicy

AGAIN = 1.6449 / 1.96
"""Half widths of a 95 % interval that a change needs more, for the whole interval to lie beyond a limit
in 95 % of repeats rather than in half of them: z(0.95) / z(0.975), by the normal distribution."""


def size(pair: Pair, policy: GatePolicy) -> Verdict | None:
    """Verdict on the artifact's size on disk."""
    return _by_ratio(pair, policy, "file_bytes", "file")


def memory(pair: Pair, policy: GatePolicy) -> Verdict | None:
    """Verdict on the peak resident memory; incomparable on another machine or protocol."""
    return _memory(pair, policy, "rss_peak_bytes", "peak memory")


def gpu_memory(pair: Pair, policy: GatePolicy) -> Verdict | None:
    """Verdict on the peak that the framework allocated on a GPU; None without one."""
    return _memory(pair, policy, "gpu_allocated_peak_bytes", "peak GPU memory")


def agreement(pair: Pair, policy: GatePolicy) -> Verdict | None:
    """Verdict on the share of labels equal to the reference's, over the images of both runs."""
    name = "agreement"
    limit = policy.limit(name, pair.new.id)
    if (gone := pair.gone(name, guarded=limit.blocks)) or not pair.both(name):
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
    kind = by_margin(now - was, now - was, limit.bound)
    why = f"{100 * (now - was):+.2f} points, at most -{100 * limit.bound:g} allowed"
    blocks = kind == "regressed" and limit.blocks
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


def smallest_drop(half: float, margin: float, plain: float | None = None) -> float:
    """Smallest true drop that is called in 95 % of repeats, fraction.

    Args:
        half: half width of the interval that is judged.
        margin: limit.
        plain: half width of the 95 % interval, where the one that is judged is wider.
    """
    return margin + half + AGAIN * (half if plain is None else plain)


def smallest_ratio(low: float, high: float, limit: float) -> float:
    """Smallest true ratio that a 95 % interval of this width calls in 95 % of repeats."""
    return float(limit * (high / low) ** ((1 + AGAIN) / 2))


def _memory(pair: Pair, policy: GatePolicy, name: str, what: str) -> Verdict | None:
    return place_apart(pair, name) or _by_ratio(pair, policy, name, what)


def _by_ratio(pair: Pair, policy: GatePolicy, name: str, what: str) -> Verdict | None:
    """Verdict on a number without noise to speak of."""
    limit = policy.limit(name, pair.new.id)
    if gone := pair.gone(name, guarded=limit.blocks):
        return gone
    was, now = pair.old.value(name), pair.new.value(name)
    if was is None or now is None:
        return None
    # An empty file can't be divided by; it has grown beyond any limit, or not at all.
    ratio = now / was if was else float(now > 0) * limit.bound * 2 or 1.0
    kind = by_ratio(ratio, ratio, limit.bound)
    why = f"{what} {ratio:.3g} times the baseline's, at most {limit.bound:g} allowed"
    return pair.verdict(name, kind, why, blocks=kind == "regressed" and limit.blocks)


def _share(parity: ParityMeasurement, images: set[str]) -> float | None:
    """Share of equal labels over the given images, or None where nothing was counted."""
    rows = zip(parity.images, parity.equal, parity.total, strict=False)
    counted = [(equal, total) for image, equal, total in rows if image in images]
    everything = sum(total for _, total in counted)
    return sum(equal for equal, _ in counted) / everything if everything else None
