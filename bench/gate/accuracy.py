"""mIoU and the IoU of each class against the baseline's: paired over the images that both runs saw."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bench.gate.classes import class_verdicts
from bench.gate.comparable import SEEN, accuracy_fields, named
from bench.gate.limits import by_margin, smallest_drop
from bench.metrics.catalog.base import counts_of
from bench.metrics.intervals import Differences, align, clustered, paired_differences

if TYPE_CHECKING:
    from bench.gate.comparable import Fields
    from bench.gate.pair import Pair
    from bench.gate.verdict import Verdict
    from bench.metrics.intervals import Interval
    from bench.suite.policy import GatePolicy

NAME = "miou"


@dataclass(frozen=True)
class Change:
    """Paired differences, now minus before, fractions."""

    found: Differences
    classes: tuple[str, ...]
    images: int
    """Images in both runs."""
    units: int
    """What was resampled: groups of images where there are enough, else images."""


def accuracy(pair: Pair, policy: GatePolicy) -> list[Verdict]:
    """Verdicts on mIoU and on each class; none where the baseline has no mIoU (seeded weights)."""
    limit = policy.limit(NAME, pair.new.id)
    if (gone := pair.gone(NAME, guarded=limit.blocks)) or not pair.both(NAME):
        return [gone] if gone else []
    fields = accuracy_fields(pair.old.result, pair.new.result)
    if set(fields) - {SEEN}:
        return [pair.incomparable(NAME, f"measured under another protocol: {named(fields)}")]
    change = changes(pair)
    if change is None:
        return [pair.incomparable(NAME, "the runs share no image, or count other classes")]
    each = class_verdicts(pair, policy, change.classes, change.found.classes, change.units)
    whole = change.found.miou
    if whole.low is None or whole.high is None:
        return [pair.verdict(NAME, "undecided", f"no interval: {whole.note}"), *each]
    kind = by_margin(whole.low, whole.high, limit.bound)
    why = _why(whole, limit.bound, change.images, fields)
    more: dict[str, Any] = {"low": whole.low, "high": whole.high, "compared": "difference"}
    if kind == "undecided":
        more["smallest"] = smallest_drop((whole.high - whole.low) / 2, limit.bound)
        why += f"; a drop under {100 * more['smallest']:.2g} could not have been seen"
    blocks = kind == "regressed" and limit.blocks
    return [pair.verdict(NAME, kind, why, blocks=blocks, **more), *each]


def changes(pair: Pair) -> Change | None:
    """Paired differences over the images of both runs; None where there is nothing to pair.

    Where a time limit ended one pass earlier, the rest of the other is left out.
    """
    old, new = (r.result.get("confusion") for r in (pair.old, pair.new))
    if old is None or new is None or old.classes != new.classes:
        return None
    at_new, at_old = align(new.images, old.images)
    if not len(at_new):
        return None
    groups = tuple(new.groups[i] for i in at_new) if new.groups else ()
    now, was = counts_of(pair.new_run, new)[at_new], counts_of(pair.old_run, old)[at_old]
    units = len(set(groups)) if clustered(groups) else len(now)
    return Change(paired_differences(now, was, groups), new.classes, len(now), units)


def _why(change: Interval, margin: float, images: int, fields: Fields) -> str:
    over = f"over the {images} images that both saw" if fields else f"over {images} images"
    low, high = change.low or 0.0, change.high or 0.0
    said = f"{100 * change.value:+.2f} points [{100 * low:+.2f}, {100 * high:+.2f}] {over}"
    if high < 0 and low >= -margin:
        return f"{said}: a drop, within the margin of {100 * margin:g}"
    return f"{said}, margin {100 * margin:g}"
