"""Two runs side by side: paired differences and ratios, without judgement.

What may not be compared isn't: the differing fields stand in the number's place.
"""

from collections.abc import Callable
from typing import Any, Literal

from pydantic import Field

from bench.gate import launches
from bench.gate.accuracy import changes
from bench.gate.comparable import Fields, place_fields, setting_fields, unpaired
from bench.gate.limits import MEMORY
from bench.gate.pair import Pair
from bench.gate.status import MEASURED
from bench.metrics.base import Row
from bench.metrics.rows import rows
from bench.record.base import Record
from bench.record.store import Run

SCHEMA = 1
"""Of `segbench compare --json`. History: 1 = the first (2026-11)."""
NEEDED = ("headline", "latency_p50_ms", *MEMORY, "file_bytes")


class Change(Record):
    """One metric, twice."""

    metric: str
    kind: Literal["difference", "ratio"]
    """b - a for the task's headline (fraction), b / a for the rest."""
    a: float | None
    b: float | None
    value: float | None = None
    low: float | None = None
    high: float | None = None
    fields: dict[str, tuple[Any, Any]] = Field(default_factory=dict)
    """Fields that forbid the comparison, each with its value in a and in b."""
    note: str = ""


class CaseChange(Record):
    """One case in both runs."""

    case: str
    status: tuple[str | None, str | None]
    """None where the run has no such case."""
    reason: tuple[str, str] = ("", "")
    changes: tuple[Change, ...] = ()
    setting: dict[str, tuple[Any, Any]] = Field(default_factory=dict)
    """Versions, artifact and commit that differ; they don't forbid a comparison."""


def compare(a: Run, b: Run) -> tuple[CaseChange, ...]:
    """Every case of either run, in a's order, then b's."""
    first, second = ({row.id: row for row in rows(run, NEEDED)} for run in (a, b))
    ids = [*first, *(i for i in second if i not in first)]
    return tuple(_case(i, first.get(i), second.get(i), a, b) for i in ids)


def _case(case_id: str, old: Row | None, new: Row | None, a: Run, b: Run) -> CaseChange:
    status = (old.status if old else None, new.status if new else None)
    reason = (old.result.reason if old else "", new.result.reason if new else "")
    alone: dict[str, Any] = {"case": case_id, "status": status, "reason": reason}
    if old is None or new is None or not {old.status, new.status} <= MEASURED:
        return CaseChange(**alone)
    pair = Pair(old, new, a, b)
    place = place_fields(old.result, new.result)
    both = (
        _change(pair, new.names.headline, "difference", unpaired(old.result, new.result), _paired),
        _change(pair, "latency_p50_ms", "ratio", place, _latency),
        *(_change(pair, name, "ratio", place) for name in MEMORY),
        _change(pair, "file_bytes", "ratio", {}),
    )
    changed = tuple(c for c in both if c.a is not None or c.b is not None)
    return CaseChange(**alone, changes=changed, setting=setting_fields(old.result, new.result))


def _change(
    pair: Pair,
    metric: str,
    kind: Literal["difference", "ratio"],
    fields: Fields,
    interval: Callable[[Pair], dict[str, Any]] | None = None,
) -> Change:
    """Change of a metric, by `interval` or without one, where no fields forbid it."""
    a, b = pair.old.value(metric), pair.new.value(metric)
    more: dict[str, Any]
    if a is None or b is None:
        more = {"note": _reasons(pair, metric)}
    elif fields:
        more = {"fields": fields}
    else:
        more = interval(pair) if interval else {"value": b / a if a else None}
    return Change(metric=metric, kind=kind, a=a, b=b, **more)


def _paired(pair: Pair) -> dict[str, Any]:
    found = changes(pair)
    if found is None:
        return {"note": "no common images, or other classes"}
    interval = found.headline.mean
    note = f"paired over {found.images} images; {interval.note}"
    return {"value": interval.value, "low": interval.low, "high": interval.high, "note": note}


def _latency(pair: Pair) -> dict[str, Any]:
    found = launches.ratio(pair.new.result.get("timing"), pair.old.result.get("timing"))
    return {"value": found.value, "low": found.low, "high": found.high, "note": found.note}


def _reasons(pair: Pair, metric: str) -> str:
    """Why a value is missing, by run."""
    sides = (("a", pair.old), ("b", pair.new))
    missing = [(n, r.metrics.get(metric)) for n, r in sides if r.value(metric) is None]
    return "; ".join(f"none in {n}: {m.reason if m else 'not measured'}" for n, m in missing)
