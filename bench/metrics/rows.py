"""A run -> its rows: every result with every derived number."""

from collections.abc import Collection
from functools import lru_cache

from bench import registry
from bench.metrics import derived
from bench.metrics.base import HEADLINE, Metric, Row, Source
from bench.metrics.catalog import info
from bench.metrics.catalog.accuracy import by_class, unavailable
from bench.metrics.catalog.base import alike
from bench.metrics.columns import ByClass, Numbers
from bench.metrics.derived import Function
from bench.record.result import Result
from bench.record.store import Run
from bench.suite.base import canonical
from bench.suite.case import Case
from bench.suite.protocol import Protocol

OURS = "segbench"
CLASSES = "classes"
"""Kind of the numbers by class; the other kinds are the registry's metrics."""


def rows(run: Run, only: Collection[str] | None = None) -> tuple[Row, ...]:
    """A row a result, in the order of the plan; a metric that isn't there is None with a reason.

    Results of cases that the plan no longer names (the suite changed since) are no rows. `only` names
    metrics, or `CLASSES`; the rows have these, and perhaps others. None = all.
    """
    kinds = registry.entries("metric")
    by_each = only is None or CLASSES in only
    if only is not None:
        wanted = {info(n.replace(HEADLINE, "miou")).kind for n in only if n != CLASSES}
        kinds = {
            k: e for k, e in kinds.items() if k in wanted or (e.provider != OURS and "" in wanted)
        }
    functions: dict[str, Function] = {k: registry.load("metric", k) for k in kinds}
    functions |= {derived.NAMES: derived.names} | ({CLASSES: _classes} if by_each else {})
    ours = [k for k in functions if k not in kinds or kinds[k].provider == OURS]
    results = tuple(run.planned)
    sources = lambda: [source_of(run, r) for r in results]  # noqa: E731
    found = derived.columns(run, functions, ours, sources)
    told = found.pop(derived.NAMES)
    classes = (found.pop(CLASSES),) if by_each else ()
    made = []
    for i, result in enumerate(results):
        numbers = Numbers(tuple(found.values()), i)
        made.append(Row(result, numbers, ByClass(classes, i), derived.named(told, i)))
    return tuple(made)


def source_of(run: Run, result: Result) -> Source:
    """A result with what its numbers derive from."""
    return Source(run, result, reference_of(run, result))


def _classes(source: Source) -> dict[str, Metric]:
    """Numbers by class, as `METRIC/CLASS`."""
    return {f"{k}/{n}": m for k, found in by_class(source).items() for n, m in found.items()}


def reference_of(run: Run, result: Result) -> Result | None:
    """Result of the reference variant that this one is compared with, or None.

    Same weights, images, axis and accuracy settings, wherever the files lie and whatever is said
    about them. On the same target if it was measured there; else on any target where it was, as
    accuracy doesn't depend on the machine's name.
    """
    case = result.case
    found = alike(run, _question).get((case.reference.slug, _question(case)), ())
    here = [r for r in found if r.case.target.name == case.target.name]
    measured = [r for r in (*here, *found) if not unavailable(r) or r.get("timing")]
    return next(iter((*measured, *here, *found)), None)


def _question(case: Case) -> tuple[str, ...]:
    """What two variants must share for their labels to be compared."""
    return (
        case.model.name,
        case.weights_digest,
        case.dataset.name,
        case.dataset_digest,
        case.dataset.split,
        case.axis,
        _settings(case.protocol),
    )


@lru_cache(maxsize=8)
def _settings(protocol: Protocol) -> str:
    """Settings that change accuracy, as canonical JSON."""
    return canonical(protocol.accuracy_fields())
