"""Accuracy (mIoU, PQ), whole and by class, against the baseline's: paired over the images of both."""

from bench.gate.classes import class_verdicts
from bench.gate.comparable import SEEN, accuracy_fields, named
from bench.gate.limits import difference
from bench.gate.pair import Pair
from bench.gate.verdict import Verdict
from bench.metrics.paired import Paired, paired, ratios
from bench.tasks.base import task_of


def accuracy(pair: Pair) -> list[Verdict]:
    """Verdicts on the task's headline and each class; none where the baseline has no accuracy."""
    name = pair.new.names.headline
    if (gone := pair.gone(name)) or not pair.both(name):
        return [gone] if gone else []
    fields = accuracy_fields(pair.old.result, pair.new.result)
    if set(fields) - {SEEN}:
        return [pair.incomparable(name, f"measured under another protocol: {named(fields)}")]
    change = changes(pair)
    if change is None:
        return [pair.incomparable(name, "the runs share no image, or count other classes")]
    each = class_verdicts(pair, change.headline.each, change.units, _by_class(pair))
    whole = change.headline.mean
    if whole.low is None or whole.high is None:
        return [pair.verdict(name, "undecided", f"no interval: {whole.note}"), *each]
    low, high, margin = whole.low, whole.high, pair.limit(name).bound
    over = (
        f"over {'the ' if fields else ''}{change.images} images{' that both saw' if fields else ''}"
    )
    why = f"{100 * whole.value:+.2f} points [{100 * low:+.2f}, {100 * high:+.2f}] {over}"
    if high < 0 and low >= -margin:
        why += f": a drop, within the margin of {100 * margin:g}"
    else:
        why += f", margin {100 * margin:g}"
    half = (high - low) / 2
    return [difference(pair, name, (low, high), half, half, why), *each]


def changes(pair: Pair) -> Paired | None:
    """Paired differences, now minus before, over the images of both runs; None without a common image."""
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
