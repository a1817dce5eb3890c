"""Whether two results may be compared, and which fields stand between them.

The fingerprints decide; the fields behind them only explain, because a hash can't.
"""

from collections.abc import Callable
from typing import Any

from bench.record.result import Result
from bench.suite.base import canonical
from bench.suite.matching import matching
from bench.tasks.base import task_of

SEEN = "seen"
"""Images that the accuracy pass saw before its time limit; the one field that time decides."""

Fields = dict[str, tuple[Any, Any]]


def accuracy_fields(a: Result, b: Result) -> Fields:
    """Field -> (value of a, value of b) where they differ; empty under one accuracy fingerprint."""
    return _behind("accuracy_fingerprint", _accuracy, a, b)


def unpaired(a: Result, b: Result) -> Fields:
    """Fields that part two accuracies even over the same images: how many were seen doesn't."""
    fields = accuracy_fields(a, b)
    return fields if set(fields) - {SEEN} else {}


def timing_fields(a: Result, b: Result) -> Fields:
    """Field -> (value of a, value of b) where they differ; empty under one timing fingerprint."""
    return _behind("timing_fingerprint", _timing, a, b)


def machine_fields(a: Result, b: Result) -> Fields:
    """{"machine": (identity of a, identity of b)} where they differ or aren't known, else empty."""
    first, second = (r.environment.machine.identity if r.environment else None for r in (a, b))
    return {"machine": (first, second)} if first is None or first != second else {}


def place_fields(a: Result, b: Result) -> Fields:
    """Fields that part two latencies or two peaks of memory: machine, then timing protocol."""
    return {**machine_fields(a, b), **timing_fields(a, b)}


def setting_fields(a: Result, b: Result) -> Fields:
    """Versions and commits that differ; they inform, and never part two numbers."""
    return differing(_setting(a), _setting(b))


def named(fields: Fields) -> str:
    """`batch_size (1, now 2), images (50, now 25)`."""
    return ", ".join(f"{name} ({_short(x)}, now {_short(y)})" for name, (x, y) in fields.items())


def _accuracy(result: Result) -> dict[str, Any]:
    case = result.case
    counts = result.get(task_of(case).kind)
    return {
        **case.protocol.accuracy_fields(),
        "dataset": result.dataset.digest[:12] if result.dataset else None,
        "split": case.dataset.split,
        "class_map": case.dataset.class_map,
        "ignore_index": case.dataset.ignore_index,
        **({} if case.model.unjudged else matching(case).fields()),
        SEEN: len(counts.images) if counts else 0,
    }


def _timing(result: Result) -> dict[str, Any]:
    threads = result.environment.threads if result.environment else result.case.target.threads
    timing = result.get("timing")
    batch = {} if timing is None else {"batch_size": timing.batch_size}  # it may have been sought
    return {**result.case.protocol.timing_fields(), **batch, "threads": threads}


def _setting(result: Result) -> dict[str, Any]:
    place = result.environment
    found = {"artifact": result.artifact.digest[:12] if result.artifact else None}
    if place:
        found |= {f"{name} version": version for name, version in sorted(place.versions.items())}
        found["commit"] = place.git_commit[:12] if place.git_commit else None
    return found


def _behind(name: str, of: Callable[[Result], dict[str, Any]], a: Result, b: Result) -> Fields:
    """Fields behind two fingerprints that differ, or these, where no stored field tells them apart."""
    pair = (getattr(a, name), getattr(b, name))
    return {} if pair[0] == pair[1] else differing(of(a), of(b)) or {name: pair}


def differing(a: dict[str, Any], b: dict[str, Any]) -> Fields:
    """Name -> (value in a, value in b) where they differ."""
    names = [*a, *(name for name in b if name not in a)]
    return {n: (a.get(n), b.get(n)) for n in names if a.get(n) != b.get(n)}


def _short(value: Any) -> str:
    if value is None or value == "":
        return "none"
    text = value if isinstance(value, str) else canonical(value)
    return text if len(text) <= 80 else text[:77] + "..."
