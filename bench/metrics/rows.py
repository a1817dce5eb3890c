"""A run -> its rows: every result with every derived number."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from bench import registry
from bench.metrics.base import Metric, Row, Source
from bench.metrics.catalog.accuracy import by_class, unavailable
from bench.suite.base import canonical

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
    for result in run.planned:
        source = Source(run, result, reference_of(run, result))
        metrics: dict[str, Metric] = {}
        for function in functions:
            metrics.update(function(source))
        made.append(Row(result, metrics, by_class(source)))
    return tuple(made)


def reference_of(run: Run, result: Result) -> Result | None:
    """Result of the reference variant that this one is compared with, or None.

    Same weights, images, axis and accuracy settings, wherever the files lie and whatever is said
    about them. On the same target if it was measured there; else on any target where it was, as
    accuracy doesn't depend on the machine's name.
    """
    case = result.case
    alike = _variants(run).get((case.reference.slug, _question(case)), ())
    here = [r for r in alike if r.case.target.name == case.target.name]
    measured = [r for r in (*here, *alike) if not unavailable(r) or r.get("timing")]
    return next(iter((*measured, *here, *alike)), None)


@lru_cache(maxsize=4)
def _variants(run: Run) -> dict[tuple[str, str], list[Result]]:
    """Slug and question -> planned results, in order: every row looks one up."""
    found: dict[tuple[str, str], list[Result]] = {}
    for result in run.planned:
        found.setdefault((result.case.variant.slug, _question(result.case)), []).append(result)
    return found


def _question(case: Case) -> str:
    """What two variants must share for their labels to be compared, as canonical JSON."""
    return canonical([
        case.model.name,
        case.weights_digest,
        case.dataset.name,
        case.dataset_digest,
        case.dataset.split,
        case.axis,
        case.protocol.accuracy_fields(),
    ])
