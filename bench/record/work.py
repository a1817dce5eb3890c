"""What a model has to do, and how long its parts take: counted and timed on the torch module."""

from typing import Literal

from pydantic import Field

from bench.record.base import Measured, Record


class PartWork(Record):
    """One part of a model; the parts are disjoint and add up to the whole."""

    name: str
    """`backbone.stage1`, `pixel_decoder`, `transformer_decoder`, `heads`, `other` ..."""
    parameters: int
    buffers: int
    """Elements."""
    bytes_by_dtype: dict[str, int] = Field(default_factory=dict)
    """dtype -> bytes of parameters and buffers."""
    macs: int
    """Multiply-accumulates of one call."""
    bytes_moved: int
    """Inputs, outputs and weights of every counted operator, each once: what a machine without a
    cache would move."""


class WorkMeasurement(Measured):
    """Work of one call at one size."""

    kind: Literal["work"] = "work"
    batch_size: int
    height: int
    width: int
    parts: tuple[PartWork, ...] = ()
    uncounted: dict[str, int] = Field(default_factory=dict)
    """Operator -> calls that no rule covers; empty where everything was counted."""
    absent: str = ""
    """Why there are no parts."""


class ComponentMeasurement(Measured):
    """Times of the parts of one variant, of calls that ran for this alone."""

    kind: Literal["components"] = "components"
    parts_ns: dict[str, tuple[int, ...]] = Field(default_factory=dict)
    """Part -> time in each call; a part that is entered several times is summed."""
    whole_ns: tuple[int, ...] = ()
    """The same calls as a whole."""
    plain_ns: tuple[int, ...] = ()
    """Calls without the instruments, in turns with the others: what measuring costs."""
    how: str = ""
    """`hooks` or `profiler`."""
    absent: str = ""
