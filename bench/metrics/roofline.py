"""Roofline: how near a variant comes to what the machine could do at its intensity.

Williams, Waterman and Patterson, Communications of the ACM 52 (4), 2009: attainable operations a
second = min(peak, intensity x bandwidth), intensity being operations a byte moved to or from memory.
"""

from dataclasses import dataclass
from typing import Literal

from bench.metrics.work import Total
from bench.record.base import Absent
from bench.record.ceiling import Ceiling

WIDTH = {"fp32": 4, "tf32": 4, "fp16": 2, "bf16": 2, "int8": 1}
"""Bytes that a precision stores an element in; the count was made in float32."""


@dataclass(frozen=True)
class Point:
    """One variant on the roofline; operations are two a multiply-accumulate."""

    intensity: float
    """Operations a byte."""
    achieved: float
    """Operations a second."""
    peak: float
    """Ceiling of its precision, operations a second."""
    bandwidth: float
    """Bytes a second."""

    @property
    def bound(self) -> float:
        """Operations a second that the machine could do at this intensity."""
        return min(self.peak, self.intensity * self.bandwidth)

    @property
    def share(self) -> float:
        """Achieved over bound; above 1 where caches or fused operators save traffic."""
        return self.achieved / self.bound

    @property
    def bound_by(self) -> Literal["compute", "memory"]:
        """Which of the two is the lower roof here."""
        return "compute" if self.peak <= self.intensity * self.bandwidth else "memory"


def point(
    total: Total | None, forward_s: float | None, precision: str, ceiling: Ceiling | None
) -> Point | str:
    """Place of a variant on the roofline, or the reason why it has none.

    Bytes are those of float32 scaled by the width of the precision. An int8 variant keeps some
    activations wider, so its true intensity is lower than this one, and so is its true bound.
    """
    if total is None:
        return "the model's work was not counted"
    if not total.macs or not total.bytes_moved:
        return "the model has no operation that is counted"
    if forward_s is None:
        return "the forward pass was not timed"
    found = _roofs(precision, ceiling)
    if isinstance(found, str):
        return found
    operations = 2 * total.macs
    moved = total.bytes_moved * WIDTH[precision] / WIDTH["fp32"]
    return Point(operations / moved, operations / forward_s, *found)


def _roofs(precision: str, ceiling: Ceiling | None) -> tuple[float, float] | str:
    """Peak, operations a second, and bandwidth, bytes a second; or the reason why there are none."""
    if ceiling is None:
        return "the machine's ceiling was not measured for this device and number of threads"
    if precision not in WIDTH or precision not in ceiling.gemm_flops:
        return f"no ceiling is measured in {precision}"
    peak, bandwidth = ceiling.gemm_flops[precision], ceiling.bandwidth_bytes_s
    if isinstance(peak, Absent):
        return peak.reason
    return bandwidth.reason if isinstance(bandwidth, Absent) else (peak, bandwidth)
