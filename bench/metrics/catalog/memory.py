"""Sizes and memory as recorded, and two differences that name what they subtract."""

from bench.metrics.base import Metric, Source
from bench.metrics.catalog.base import unmeasured
from bench.record.base import Absent
from bench.record.memory import DIFFERENCES, KINDS
from bench.record.result import Artifact


def metrics(source: Source) -> dict[str, Metric]:
    """Name -> bytes: `file_bytes`, `weight_bytes` and each kind of memory as `KIND_bytes`."""
    why = unmeasured(source.result)
    found = _sizes(source.result.artifact, why)
    memory = source.result.get("memory")
    values = memory.values if memory else {}
    for kind in (*KINDS, *(k for k in values if k not in KINDS)):
        found[f"{kind}_bytes"] = _bytes(values.get(kind), why)
    for kind, names in DIFFERENCES.items():
        found[f"{kind}_bytes"] = _difference(*(found[f"{name}_bytes"] for name in names))
    return found


def _sizes(artifact: Artifact | None, why: str) -> dict[str, Metric]:
    """What the files hold, and what making them took."""
    if artifact is None:
        names = ("file", "weight", "constant", "graph", "export_rss_peak")
        return {f"{name}_bytes": Metric(None, reason=why) for name in names}
    file = _bytes(artifact.file_bytes, why)
    weights = _bytes(artifact.weight_bytes, "the format doesn't tell its weights apart")
    tensors = _bytes(artifact.tensor_bytes, "the artifact's tensors were not counted")
    steps = max((s.peak_rss_bytes or 0 for s in artifact.steps), default=0)
    return {
        "file_bytes": file,
        "weight_bytes": weights,
        "constant_bytes": _difference(tensors, weights),
        "graph_bytes": _difference(file, tensors),
        "export_rss_peak_bytes": _bytes(steps or None, "no export step made it"),
    }


def _difference(whole: Metric, part: Metric) -> Metric:
    """A difference, left as it is below zero."""
    if whole.value is None or part.value is None:
        return Metric(None, reason=whole.reason or part.reason)
    return Metric(whole.value - part.value)


def _bytes(value: int | Absent | None, why: str) -> Metric:
    if value is None:
        return Metric(None, reason=why)
    if isinstance(value, Absent):
        return Metric(None, reason=value.reason)
    return Metric(float(value))
