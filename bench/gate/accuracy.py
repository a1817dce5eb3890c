"""Accuracy (mIoU, PQ), whole and by class, against the baseline's: paired over the images of both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bench.gate.classes import class_verdicts
from bench.gate.comparable import SEEN, accuracy_fields, named
from bench.gate.limits import by_margin, smallest_drop
from bench.metrics.paired import paired, ratios
from bench.tasks.base import task_of

if TYPE_CHECKING:
    from bench.gate.comparable import Fields
    from bench.gate.pair import Pair
    from bench.gate.verdict import Verdict
    from bench.metrics.estimate import Estimate
    from bench.metrics.paired import Paired
    from bench.suite.policy import GatePolicy


def accuracy(pair: Pair, policy: GatePolicy) -> list[Verdict]:
    """Verdicts on the task's headline and each class; none where the baseline has no accuracy."""
    name = pair.new.names.headline
    limit = policy.limit(name, pair.new.id)
    if (gone := pair.gone(name, guarded=limit.blocks)) or not pair.both(name):
        return [gone] if gone else []
    fields = accuracy_fields(pair.old.result, pair.new.result)
    if set(fields) - {SEEN}:
        return [pair.incomparable(name, f"measured under another protocol: {named(fields)}")]
    change = changes(pair)
    if change is None:
        return [pair.incomparable(name, "the runs share no image, or count other classes")]
    each = class_verdicts(pair, policy, change.headline.each, change.units, _by_class(pair))
    whole = change.headline.mean
    if whole.low is None or whole.high is None:
        return [pair.verdict(name, "undecided", f"no interval: {whole.note}"), *each]
    kind = by_margin(whole.low, whole.high, limit.bound)
    why = _why(whole, limit.bound, change.images, fields)
    more: dict[str, Any] = {"low": whole.low, "high": whole.high, "compared": "difference"}
    if kind == "undecided":
        more["smallest"] = smallest_drop((whole.high - whole.low) / 2, limit.bound)
        why += f"; a drop under {100 * more['smallest']:.2g} could not have been seen"
    blocks = kind == "regressed" and limit.blocks
    return [pair.verdict(name, kind, why, blocks=blocks, **more), *each]


def changes(pair: Pair) -> Paired | None:
    """Paired differences, now minus before, over the images of both runs; None if there is none."""
    task = task_of(pair.new.result.case)
    old, new = (r.result.get(task.kind) for r in (pair.old, pair.new))
    if old is None or new is None:
        return None
    return paired(task, (pair.new_run.folder, new), (pair.old_run.folder, old))


def _by_class(pair: Pair) -> list[dict[str, float]]:
    """Class -> value in the baseline and in the run, each over all of its own images."""
    task = task_of(pair.new.result.case)
    sides = ((pair.old_run, pair.old), (pair.new_run, pair.new))
    old, new = (
        ratios(task, r.folder, x.result.get(task.kind))[task.class_metric] for r, x in sides
    )
    return [dict(zip(of.names, of.pooled().tolist(), strict=True)) for of in (old, new)]


def _why(change: Estimate, margin: float, images: int, fields: Fields) -> str:
    over = f"over the {images} images that both saw" if fields else f"over {images} images"
    low, high = change.low or 0.0, change.high or 0.0
    said = f"{100 * change.value:+.2f} points [{100 * low:+.2f}, {100 * high:+.2f}] {over}"
    if high < 0 and low >= -margin:
        return f"{said}: a drop, within the margin of {100 * margin:g}"
    return f"{said}, margin {100 * margin:g}"
