"""Sizes and memory as recorded, and two differences that name what they subtract."""

from __future__ import annotations

from bench.metrics.base import Metric, Source
from bench.metrics.catalog.base import unmeasured
from bench.record.base import Absent
from bench.record.memory import DEFINITIONS, DIFFERENCES


def metrics(source: Source) -> dict[str, Metric]:
    """Name -> bytes: `file_bytes`, `weight_bytes` and each kind of memory as `KIND_bytes`."""
    why = unmeasured(source.result)
    artifact = source.result.artifact
    found = {
        "file_bytes": _bytes(artifact.file_bytes if artifact else None, why),
        "weight_bytes": _bytes(
            artifact.weight_bytes if artifact else None,
            "the format doesn't tell its weights apart" if artifact else why,
        ),
    }
    memory = source.result.get("memory")
    values = memory.values if memory else {}
    for kind in (*DEFINITIONS, *(k for k in values if k not in DEFINITIONS)):
        found[f"{kind}_bytes"] = _bytes(values.get(kind), why)
    for kind, (whole, part) in DIFFERENCES.items():
        found[f"{kind}_bytes"] = _minus(found[f"{whole}_bytes"], found[f"{part}_bytes"])
    return found


def _minus(whole: Metric, part: Metric) -> Metric:
    """Difference, or the reason of the first that is missing; below zero it is left as it is."""
    if whole.value is None or part.value is None:
        return Metric(None, reason=whole.reason or part.reason)
    return Metric(whole.value - part.value)


def _bytes(value: int | Absent | None, why: str) -> Metric:
    if value is None:
        return Metric(None, reason=why)
    if isinstance(value, Absent):
        return Metric(None, reason=value.reason)
    return Metric(float(value))
