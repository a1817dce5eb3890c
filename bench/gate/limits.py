"""Size, memory and agreement against limits: numbers whose noise is small beside the limit."""

from collections.abc import Iterator
from typing import Any

from bench.gate.comparable import machine_fields, named, place_fields, unpaired
from bench.gate.pair import Pair
from bench.gate.verdict import Kind, Verdict
from bench.metrics.catalog import info
from bench.record.parity import ParityMeasurement
from bench.suite.policy import GATED

MEMORY = tuple(n for n in GATED if info(n).kind == "memory" and n != "file_bytes")
AGAIN = 1.6449 / 1.96
"""Half widths of a 95 % interval that a change needs more, for the whole interval to lie beyond a limit
in 95 % of repeats rather than in half of them: z(0.95) / z(0.975), by the normal distribution."""


def sizes(pair: Pair) -> Iterator[Verdict | None]:
    """Verdicts on the peaks of resident and GPU memory, on one machine only, and on the file's size."""
    for name in MEMORY:
        yield place_apart(pair, name) or _by_ratio(pair, name)
    yield _by_ratio(pair, "file_bytes")


def agreement(pair: Pair) -> Verdict | None:
    """Verdict on the share of labels equal to the reference's, over the images of both runs."""
    name = "agreement"
    if (gone := pair.gone(name)) or not pair.both(name):
        return gone
    if fields := unpaired(pair.old.result, pair.new.result):
        return pair.incomparable(name, f"measured under another protocol: {named(fields)}")
    old, new = (r.result.get("parity") for r in (pair.old, pair.new))
    if old.reference != new.reference:
        why = f"the reference variant was {old.reference}, now {new.reference}"
        return pair.incomparable(name, why)
    shared = set(old.images) & set(new.images)
    was, now = _share(old, shared), _share(new, shared)
    if was is None or now is None:
        return pair.incomparable(name, "the runs share no image whose labels were compared")
    bound = pair.limit(name).bound
    kind = by_margin(now - was, now - was, bound)
    why = f"{100 * (now - was):+.2f} points, at most -{100 * bound:g} allowed"
    return pair.verdict(name, kind, why, baseline=was, current=now)


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


def difference(
    pair: Pair,
    metric: str,
    ends: tuple[float, float],
    half: float,
    plain: float,
    why: str,
    **more: Any,
) -> Verdict:
    """Verdict on an interval of current - baseline, by its `ends`, where more is better.

    `half` is its half width before the ends were cut, `plain` that of the 95 % interval, where the one
    that is judged is wider; `more` holds values of the verdict that aren't the rows'.
    """
    bound = pair.limit(metric).bound
    kind = by_margin(*ends, bound)
    if kind == "undecided":
        # The smallest true drop that is called in 95 % of repeats.
        more["smallest"] = bound + half + AGAIN * plain
        why += f"; a drop under {100 * more['smallest']:.2g} could not have been seen"
    low, high = ends
    return pair.verdict(metric, kind, why, low=low, high=high, compared="difference", **more)


def smallest_ratio(low: float, high: float, limit: float) -> float:
    """Smallest true ratio that a 95 % interval of this width calls in 95 % of repeats."""
    return float(limit * (high / low) ** ((1 + AGAIN) / 2))


def _by_ratio(pair: Pair, name: str) -> Verdict | None:
    """Verdict on a number without noise to speak of."""
    if gone := pair.gone(name):
        return gone
    was, now, bound = pair.old.value(name), pair.new.value(name), pair.limit(name).bound
    if was is None or now is None:
        return None
    # An empty file can't be divided by; it has grown beyond any limit, or not at all.
    ratio = now / was if was else float(now > 0) * bound * 2 or 1.0
    why = f"{info(name).label} {ratio:.3g} times the baseline's, at most {bound:g} allowed"
    return pair.verdict(name, by_ratio(ratio, ratio, bound), why)


def _share(parity: ParityMeasurement, images: set[str]) -> float | None:
    """Share of equal labels over the given images, or None where nothing was counted."""
    rows = zip(parity.images, parity.equal, parity.total, strict=False)
    counted = [(equal, total) for image, equal, total in rows if image in images]
    everything = sum(total for _, total in counted)
    return sum(equal for equal, _ in counted) / everything if everything else None
