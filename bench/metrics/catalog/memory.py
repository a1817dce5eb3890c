"""Sizes and memory as recorded, and two differences that name what they subtract."""

from bench.metrics.base import Metric, Source
from bench.metrics.catalog.base import unmeasured
from bench.record.base import Absent
from bench.record.memory import DIFFERENCES, KINDS


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
    for kind in (*KINDS, *(k for k in values if k not in KINDS)):
        found[f"{kind}_bytes"] = _bytes(values.get(kind), why)
    for kind, names in DIFFERENCES.items():
        whole, part = (found[f"{name}_bytes"] for name in names)
        if whole.value is None or part.value is None:
            found[f"{kind}_bytes"] = Metric(None, reason=whole.reason or part.reason)
        else:  # below zero it is left as it is
            found[f"{kind}_bytes"] = Metric(whole.value - part.value)
    return found


def _bytes(value: int | Absent | None, why: str) -> Metric:
    if value is None:
        return Metric(None, reason=why)
    if isinstance(value, Absent):
        return Metric(None, reason=value.reason)
    return Metric(float(value))
