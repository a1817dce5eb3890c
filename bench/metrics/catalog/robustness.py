"""What a corrupted case keeps of the accuracy that its variant has on the images as they are."""

from __future__ import annotations

from bench.metrics.base import Metric, Source
from bench.metrics.catalog.accuracy import unavailable
from bench.metrics.catalog.base import alike
from bench.metrics.paired import ratios
from bench.record.result import Result
from bench.suite.case import Case
from bench.tasks.base import mean, task_of


def metrics(source: Source) -> dict[str, Metric]:
    """The headline's `_retained`, a fraction."""
    task = task_of(source.result.case)
    name = f"{task.headline}_retained"
    if not source.result.case.protocol.corruption:
        return {name: Metric(None, reason="the images are as they are")}
    clean = clean_of(source)
    if clean is None:
        reason = "the run has no case of this variant on the images as they are"
        return {name: Metric(None, reason=reason)}
    for result in (source.result, clean):
        reason = unavailable(result)
        if reason:
            return {name: Metric(None, reason=reason)}
    both = (ratios(task, source.run.folder, r.get(task.kind)) for r in (source.result, clean))
    now, before = (float(mean(of[task.class_metric].pooled())) for of in both)
    if not before > 0:
        return {name: Metric(None, reason="accuracy is 0 or missing on the images as they are")}
    return {name: Metric(now / before)}


def clean_of(source: Source) -> Result | None:
    """Result of the same variant on the images as they are, or None."""
    case = source.result.case
    found = alike(source.run, question).get((case.variant.slug, question(case)), ())
    return next((r for r in found if not r.case.protocol.corruption), None)


def question(case: Case) -> tuple[object, ...]:
    """What cases share that differ in variant and corruption only."""
    fields = case.protocol.accuracy_fields()
    return (
        case.model.name,
        case.weights_digest,
        case.target.name,
        case.dataset.name,
        case.dataset_digest,
        case.dataset.split,
        *(str(v) for k, v in sorted(fields.items()) if k not in {"corruption", "seed"}),
    )
