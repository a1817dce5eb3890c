"""Accuracy: the task's headline (mIoU, PQ) and its kin, from the counts of every image."""

import math
from collections.abc import Mapping
from typing import Any

from bench.metrics import intervals
from bench.metrics.base import Metric, Source
from bench.metrics.catalog.base import IS_REFERENCE, absent, unmeasured
from bench.metrics.estimate import Estimate
from bench.metrics.paired import Paired, headline, paired, ratios
from bench.record.result import Result
from bench.tasks.base import counted, task_of

SAME = "the counts are the reference's in every image: nothing scatters"
NO_CLASS = "no class stands in the ground truth or in the predictions"


def metrics(source: Source) -> dict[str, Metric]:
    """The headline's number, a fraction."""
    result, task = source.result, task_of(source.result.case)
    reason = unavailable(result)
    if reason:
        return absent([task.headline], reason)
    found = result.get(task.kind)
    whole = headline(task, source.run.folder, found)
    return {task.headline: number(whole, NO_CLASS, seen(result))}


def scores(source: Source) -> dict[str, Metric]:
    """The task's other numbers, fractions: category IoU, iIoU, pixel accuracy; or the parts of PQ."""
    result, task = source.result, task_of(source.result.case)
    reason = unavailable(result)
    if reason:
        return absent(task.numbers, reason)
    found, note = task.scores(result, source.run.folder / "cases"), seen(result)
    values = {name: found[name] for name in task.numbers}
    return {
        name: Metric(None, reason=v) if isinstance(v, str) else number(Estimate(v), NO_CLASS, note)
        for name, v in values.items()
    }


def unavailable(result: Result) -> str:
    """Why a result has no accuracy; empty where it has."""
    found = counted(result)
    if found is None and result.status in {"failed", "skipped"}:
        return unmeasured(result)
    if result.case.model.unjudged:
        return result.case.model.unjudged
    if found is None:
        return unmeasured(result)
    return "" if found.images else "no image was evaluated"


def difference(source: Source) -> dict[str, Metric]:
    """The headline's difference to the reference, and the smallest drop that shows.

    Fractions, paired over the images that both have.
    """
    own = task_of(source.result.case).headline
    names = (f"{own}_difference", f"{own}_detectable")
    found = unavailable(source.result) or _to_reference(source)
    if isinstance(found, str):
        return absent(names, found)
    differences, note = found
    whole = differences.headline.mean
    shows = Metric(whole.detectable, note=note)
    if not whole.detectable:
        shows = Metric(None, reason=whole.note if whole.detectable is None else SAME)
    return {names[0]: number(whole, NO_CLASS, note), names[1]: shows}


def by_class(source: Source) -> dict[str, dict[str, Metric]]:
    """Metric of a class (`iou`) and its paired difference (`iou_difference`) -> numbers by class.

    Empty where the result has no accuracy; fractions.
    """
    if unavailable(source.result):
        return {}
    task, folder, note = task_of(source.result.case), source.run.folder, seen(source.result)
    found = source.result.get(task.kind)
    fields = {}
    for name, of in ratios(task, folder, found).items():
        each = zip(of.names, intervals.each_interval(of, found.groups), strict=True)
        fields[name] = _named(dict(each), task.absent, note)
    for name, numbers in task.by_class(found, folder / "cases").items():
        fields[name] = {c: number(Estimate(v), task.absent, note) for c, v in numbers.items()}
    beside = _to_reference(source)
    if not isinstance(beside, str):
        differences, note = beside
        for name, every in differences.by_class.items():
            fields[f"{name}_difference"] = _named(every.each, task.absent, note)
    return fields


def _to_reference(source: Source) -> tuple[Paired, str] | str:
    """Differences to the reference with a note, or why there are none."""
    result, reference = source.result, source.reference
    task = task_of(result.case)
    if result.case.is_reference:
        return IS_REFERENCE
    if reference is None:
        return f"the run has no result of the reference variant {result.case.reference.slug}"
    reason = unavailable(reference)
    if reason:
        return f"the reference variant has no accuracy ({reason})"
    mine, other = result.get(task.kind), reference.get(task.kind)
    if not comparable(result, reference) or mine.classes != other.classes:
        return "the reference was evaluated under other accuracy settings"
    folder = source.run.folder
    found = paired(task, (folder, mine), (folder, other))
    if found is None:
        return "no image in common with the reference"
    fewer = found.images < max(len(mine.images), len(other.images))
    return found, f"over the {found.images} images that both saw" if fewer else ""


def _named(scores: Mapping[str, Estimate], reason: str, note: str) -> dict[str, Metric]:
    return {name: number(s, reason, note) for name, s in scores.items()}


def comparable(a: Result, b: Result) -> bool:
    """Whether both were evaluated alike, however many images were seen."""
    one, other = (
        (of.protocol.accuracy_fields(), of.dataset.class_map, of.dataset.ignore_index, found)
        for of, found in ((r.case, r.dataset and r.dataset.digest) for r in (a, b))
    )
    return one == other


def seen(result: Result) -> str:
    """How many images were seen, where that is fewer than were asked for; else empty."""
    found: Any = counted(result)
    some = len(found.images)
    return "" if some >= found.asked else f"{some} of {found.asked} images were seen"


def number(found: Estimate, reason: str, note: str) -> Metric:
    """A number, or None with a reason for NaN."""
    if math.isnan(found.value):
        return Metric(None, reason=reason)
    return Metric(found.value, found.low, found.high, note=note)
