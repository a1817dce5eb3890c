"""Totals of a model's work, and what its parts and their instruments take."""

from statistics import median
from typing import NamedTuple

from bench.record.work import ComponentMeasurement, WorkMeasurement


class Total(NamedTuple):
    """The whole of one call: the sum of its disjoint parts."""

    parameters: int
    buffers: int
    macs: int
    bytes_moved: int


def total(work: WorkMeasurement | None) -> Total | None:
    """Sum over the parts; None where nothing was counted."""
    if work is None or not work.parts:
        return None
    return Total(*(sum(getattr(p, name) for p in work.parts) for name in Total._fields))


def shares(found: ComponentMeasurement | None) -> dict[str, float]:
    """Part -> median over calls of its share of the call, fraction; empty where none was timed."""
    if found is None:
        return {}
    return {
        part: median(t / whole for t, whole in zip(times, found.whole_ns, strict=True))
        for part, times in found.parts_ns.items()
    }


def instruments(found: ComponentMeasurement | None) -> float | None:
    """What timing the parts costs, fraction of a plain call: the median over pairs, less one."""
    if found is None or not found.plain_ns or len(found.plain_ns) != len(found.whole_ns):
        return None
    return median(w / p for w, p in zip(found.whole_ns, found.plain_ns, strict=True)) - 1
