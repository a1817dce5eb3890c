"""A run -> its rows: every result with every derived number."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench import registry
from bench.metrics.base import Metric, Row, Source
from bench.metrics.catalog.accuracy import by_class, unavailable

if TYPE_CHECKING:
    from bench.record.result import Result
    from bench.record.store import Run
    from bench.suite.case import Case


def rows(run: Run) -> tuple[Row, ...]:
    """A row a result, in the order of the plan; a metric that isn't there is None with a reason.

    Results of cases that the plan no longer names (the suite changed since) are no rows.
    """
    functions = [registry.load("metric", name) for name in registry.entries("metric")]
    made = []
    for result in _planned(run):
        source = Source(run, result, reference_of(run, result))
        metrics: dict[str, Metric] = {}
        for function in functions:
            metrics.update(function(source))
        made.append(Row(result, metrics, **by_class(source)))
    return tuple(made)


def reference_of(run: Run, result: Result) -> Result | None:
    """Result of the reference variant that this one is compared with, or None.

    Same weights, images, axis and accuracy settings, wherever the files lie and whatever is said
    about them. On the same target if it was measured there; else on any target where it was, as
    accuracy doesn't depend on the machine's name.
    """
    case = result.case
    alike = [
        r
        for r in _planned(run)
        if r.case.variant.slug == case.reference.slug and _question(r.case) == _question(case)
    ]
    here = [r for r in alike if r.case.target.name == case.target.name]
    measured = [r for r in (*here, *alike) if not unavailable(r) or r.get("timing")]
    return next(iter((*measured, *here, *alike)), None)


def _planned(run: Run) -> tuple[Result, ...]:
    plan = set(run.info.plan)
    return tuple(r for r in run.results if r.case.id in plan)


def _question(case: Case) -> tuple[object, ...]:
    """What two variants must share for their labels to be compared."""
    return (
        case.model.name,
        case.weights_digest,
        case.dataset.name,
        case.dataset_digest,
        case.dataset.split,
        case.axis,
        case.protocol.accuracy_fields(),
    )
