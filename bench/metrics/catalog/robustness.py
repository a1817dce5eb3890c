"""What a corrupted case keeps of the accuracy that its variant has on the images as they are."""

from bench.metrics.base import Metric, Source
from bench.metrics.catalog.accuracy import unavailable
from bench.metrics.catalog.base import alike
from bench.metrics.paired import ratios
from bench.suite.case import Case
from bench.tasks.base import mean, task_of


def metrics(source: Source) -> dict[str, Metric]:
    """The headline's `_retained`, a fraction."""
    found = _retained(source)
    kept = Metric(None, reason=found) if isinstance(found, str) else Metric(found)
    return {f"{task_of(source.result.case).headline}_retained": kept}


def _retained(source: Source) -> float | str:
    """Accuracy over that of the same variant on the images as they are, or why it is missing."""
    case = source.result.case
    if not case.protocol.corruption:
        return "the images are as they are"
    same = alike(source.run, question).get((case.variant.slug, question(case)), ())
    clean = next((r for r in same if not r.case.protocol.corruption), None)
    if clean is None:
        return "the run has no case of this variant on the images as they are"
    if reason := unavailable(source.result) or unavailable(clean):
        return reason
    task = task_of(case)
    both = (ratios(task, source.run.folder, r.get(task.kind)) for r in (source.result, clean))
    now, before = (float(mean(of[task.class_metric].pooled())) for of in both)
    return now / before if before > 0 else "accuracy is 0 or missing on the images as they are"


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
