"""How much of a quantized artifact really runs in int8, as the file and the runtime's own profile say."""

from typing import Literal

from pydantic import Field

from bench.record.base import Measured, Record

CONVERSION = "conversion"
"""In the place of a precision: an operator that only converts between integers and floating point."""


class OperatorCoverage(Record):
    """All operators of one type that run in one precision."""

    operator: str
    """Type, in the runtime's word."""
    precision: str
    """`int8`, `fp32`, `bf16` ..., or `conversion`."""
    count: int
    macs: int
    """Multiply-accumulates of one call."""
    time_ns: tuple[int, ...]
    """Of each profiled call."""


class CoverageMeasurement(Measured):
    """Coverage of one artifact, from calls that ran for this alone."""

    kind: Literal["coverage"] = "coverage"
    operators: tuple[OperatorCoverage, ...] = ()
    integers: dict[int, int] = Field(default_factory=dict)
    """Bits -> number of weights that the file stores as integers of so many."""
    weights: int = 0
    """All weights of the file: the learned numbers, where they are known, else its integers and
    floating-point constants."""
    how: str = ""
    """What timed the operators."""
    absent: str = ""
    """Why there is nothing."""
