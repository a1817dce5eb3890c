"""A run -> its rows: every result with every derived number."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench import registry
from bench.metrics.base import Metric, Row, Source
from bench.metrics.catalog.accuracy import class_metrics, unavailable

if TYPE_CHECKING:
    from bench.record.result import Result
    from bench.record.store import Run


def rows(run: Run) -> tuple[Row, ...]:
    """A row a result, in the order of the plan; a metric that isn't there is None with a reason."""
    functions = [registry.load("metric", name) for name in registry.entries("metric")]
    made = []
    for result in run.results:
        source = Source(run, result, reference_of(run, result))
        metrics: dict[str, Metric] = {}
        for function in functions:
            metrics.update(function(source))
        made.append(Row(result, metrics, class_metrics(source)))
    return tuple(made)


def reference_of(run: Run, result: Result) -> Result | None:
    """Result of the reference variant that this one is compared with, or None.

    Same model, data set, axis and accuracy settings. On the same target if it was measured there;
    else on any target where it was, as accuracy doesn't depend on the machine's name.
    """
    case = result.case
    alike = [
        r
        for r in run.results
        if r.case.variant.slug == case.reference.slug
        and r.case.model == case.model
        and r.case.dataset == case.dataset
        and r.case.axis == case.axis
        and r.case.protocol.accuracy_fields() == case.protocol.accuracy_fields()
    ]
    here = [r for r in alike if r.case.target.name == case.target.name]
    measured = [r for r in (*here, *alike) if not unavailable(r) or r.get("timing")]
    return next(iter((*measured, *here, *alike)), None)
