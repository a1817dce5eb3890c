"""mIoU against the baseline's: paired over the images that both runs saw."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.gate.comparable import SEEN, accuracy_fields, named
from bench.gate.limits import by_margin
from bench.gate.verdict import Verdict
from bench.metrics.confusion import from_sparse
from bench.metrics.intervals import Interval, align, paired_difference
from bench.spec.policy import GatePolicy

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from bench.gate.comparable import Fields
    from bench.gate.pair import Pair
    from bench.record.confusion import ConfusionMeasurement
    from bench.record.store import Run

NAME = "miou"


def accuracy(pair: Pair, policy: GatePolicy) -> Verdict | None:
    """Verdict on mIoU; None where the baseline has none (seeded weights)."""
    if (gone := pair.gone(NAME, guarded=policy.miou_margin is not None)) or not pair.both(NAME):
        return gone
    fields = accuracy_fields(pair.old.result, pair.new.result)
    if set(fields) - {SEEN}:
        return pair.incomparable(NAME, f"measured under another protocol: {named(fields)}")
    found = miou_change(pair)
    if found is None:
        return pair.incomparable(NAME, "the runs share no image, or count other classes")
    change, images = found
    if change.low is None or change.high is None:
        return pair.verdict(NAME, "undecided", f"no interval: {change.note}")
    limit = policy.miou_margin
    margin = limit if limit is not None else GatePolicy().miou_margin or 0.0
    kind = by_margin(change.low, change.high, margin)
    blocks = kind == "regressed" and limit is not None
    ends = {"low": change.low, "high": change.high, "compared": "difference"}
    return pair.verdict(NAME, kind, _why(change, margin, images, fields), blocks=blocks, **ends)


def miou_change(pair: Pair) -> tuple[Interval, int] | None:
    """Paired difference of mIoU, now minus before, fraction, and the number of images in both runs.

    None where there is nothing to pair. The images are those of both runs: where a time limit ended
    one pass earlier, the rest of the other is left out.
    """
    old, new = (r.result.get("confusion") for r in (pair.old, pair.new))
    if old is None or new is None or old.classes != new.classes:
        return None
    at_new, at_old = align(new.images, old.images)
    if not len(at_new):
        return None
    groups = tuple(new.groups[i] for i in at_new) if new.groups else ()
    now = _counts(pair.new_run, new)[at_new]
    was = _counts(pair.old_run, old)[at_old]
    return paired_difference(now, was, groups), len(at_new)


def _counts(run: Run, measurement: ConfusionMeasurement) -> NDArray[np.int64]:
    arrays = run.arrays(measurement.arrays)
    return from_sparse(arrays, len(measurement.images), len(measurement.classes))


def _why(change: Interval, margin: float, images: int, fields: Fields) -> str:
    over = f"over the {images} images that both saw" if fields else f"over {images} images"
    low, high = change.low or 0.0, change.high or 0.0
    said = f"{100 * change.value:+.2f} points [{100 * low:+.2f}, {100 * high:+.2f}] {over}"
    if high < 0 and low >= -margin:
        return f"{said}: a drop, within the margin of {100 * margin:g}"
    return f"{said}, margin {100 * margin:g}"
