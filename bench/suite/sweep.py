"""A block that is swept -> one plain block a point, so that no code after the loader sees a sweep."""

import itertools
import math
from collections import Counter
from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import Field, field_validator

from bench.suite.base import LARGEST_SIDE, Spec
from bench.suite.protocol import Scenario
from bench.suite.suite import Block

Value = str | int | float
Side = Annotated[int, Field(ge=1, le=LARGEST_SIDE)]
Rate = Annotated[float, Field(gt=0, le=1e6)]
CLEAN = "none"
"""Value of `corruption` that stands for the images as they are."""
OPEN = ("server", "constant_stream")
"""Scenarios in which images come at a rate."""


class Sweep(Spec):
    """Keys of a block's `sweep`: each a list of values; several keys give their product."""

    scenario: tuple[Scenario, ...] | None = Field(default=None, min_length=1)
    batch_size: tuple[Side, ...] | None = Field(default=None, min_length=1)
    size: tuple[tuple[Side, Side], ...] | None = Field(default=None, min_length=1)
    """Height and width of the model's input."""
    threads: tuple[Side, ...] | None = Field(default=None, min_length=1)
    """In place of the target's."""
    rate: tuple[Rate, ...] | None = Field(default=None, min_length=1)
    corruption: tuple[str, ...] | None = Field(default=None, min_length=1)
    """`NAME/LEVEL`, or `none`."""

    @field_validator("*")
    @classmethod
    def _different(cls, values: tuple[Any, ...] | None) -> tuple[Any, ...] | None:
        twice = [value for value, count in Counter(values or ()).items() if count > 1]
        if twice:
            raise ValueError(f"it names {twice[0]!r} twice")
        return values

    @property
    def keys(self) -> tuple[str, ...]:
        """Keys that are swept, in the order in which they stand in a case's axis."""
        return tuple(k for k in type(self).model_fields if getattr(self, k) is not None)

    @property
    def count(self) -> int:
        """Points of the product."""
        return math.prod(len(getattr(self, k)) for k in self.keys)

    def points(self) -> Iterator[dict[str, Value]]:
        """Each point of the product, the last key changing fastest; a size is `256x512`."""
        for values in itertools.product(*(getattr(self, k) for k in self.keys)):
            named = zip(self.keys, values, strict=True)
            yield {k: f"{v[0]}x{v[1]}" if k == "size" else v for k, v in named}


def at_point(block: Block, point: dict[str, Value]) -> Block:
    """The plain block of a point; its axis says where it stands: `batch_size=4,threads=1`."""
    update: dict[str, Any] = {k: v for k, v in point.items() if k not in {"size", "threads"}}
    if "size" in point:
        update["height"], update["width"] = (int(side) for side in str(point["size"]).split("x"))
    if point.get("corruption") == CLEAN:
        update["corruption"] = ""
    swept = block.model_copy(update={"sweep": point})
    texts = [f"{k}={_text(v)}" for k, v in point.items()]
    return swept.model_copy(
        update={
            "protocol": block.protocol.model_copy(update=update),
            "targets": tuple(swept.on(t) for t in block.targets),
            "axis": ",".join([block.axis] * bool(block.axis) + texts),
        }
    )


def _text(value: Value) -> str:
    """Value as a part of an id, in which `/` divides."""
    return value.replace("/", "-") if isinstance(value, str) else f"{value:g}"
