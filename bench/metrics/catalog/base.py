"""What the leaves of the catalog share: their names, and absent numbers."""

from collections.abc import Callable, Hashable, Iterable
from functools import lru_cache

from bench.metrics.base import Metric
from bench.metrics.catalog import CATALOG
from bench.record.result import Result
from bench.record.store import Run
from bench.suite.case import Case

IS_REFERENCE = "this is the reference"


def names_of(kind: str) -> tuple[str, ...]:
    """Names in the catalog that one leaf computes."""
    return tuple(name for name, i in CATALOG.items() if i.kind == kind)


def absent(names: Iterable[str], reason: str) -> dict[str, Metric]:
    """Name -> None with the reason."""
    return {name: Metric(None, reason=reason) for name in names}


def unmeasured(result: Result) -> str:
    """Why a result lacks a measurement: `skipped: ...`, `failed: ...` or `not measured`."""
    if result.status in {"failed", "skipped"}:
        return f"{result.status}: {result.reason}" if result.reason else result.status
    return "not measured"


@lru_cache(maxsize=8)
def alike(
    run: Run, question: Callable[[Case], Hashable]
) -> dict[tuple[str, Hashable], list[Result]]:
    """A variant's slug and what its case must share -> planned results: every row looks one up."""
    found: dict[tuple[str, Hashable], list[Result]] = {}
    for result in run.planned:
        found.setdefault((result.case.variant.slug, question(result.case)), []).append(result)
    return found
