"""What the machine itself can do: measured once, kept with the machine's description."""

from pydantic import Field

from bench.record.base import Absent, Record
from bench.record.environment import Machine


class Ceiling(Record):
    """ceiling.json of a run: the roof of the roofline."""

    schema_version: int = Field(default=1, alias="schema")
    """History: 1 = the first (2026-11)."""
    machine: Machine
    device: str
    threads: int
    gemm_flops: dict[str, float | Absent] = Field(default_factory=dict)
    """Precision -> floating-point (or integer) operations a second of a large square product; one
    multiply-accumulate is two operations. The median of `samples`."""
    bandwidth_bytes_s: float | Absent
    """Bytes a second, read plus written, of a triad that no cache can hold."""
    samples: dict[str, tuple[float, ...]] = Field(default_factory=dict)
    """Name (`gemm.fp32`, `bandwidth`) -> every repetition, in the unit of its value."""
    foreign_cpu: float | None = None
    """Processors that other processes kept busy meanwhile, a mean; None where unknown. Beside
    other work the ceiling comes out too low."""
    versions: dict[str, str] = Field(default_factory=dict)
    measured: str = ""
    """UTC, ISO 8601."""
