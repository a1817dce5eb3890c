"""Calls that check an artifact after its export, and stages of the model compared one by one."""

from typing import Literal

from pydantic import Field

from bench.record.base import Measured, Record
from bench.record.parity import OutputSums


class Check(Record):
    """One call, beside what the model itself answers."""

    name: str
    """second call, second image, second batch, second shape, other device."""
    outcome: Literal["ran", "refused", "absent"]
    """refused = the artifact doesn't take it, in the words of `message`; absent = it couldn't be tried."""
    asked: str = ""
    """What was fed: `1 x 3 x 96 x 160`, or the device."""
    message: str = ""
    outputs: dict[str, OutputSums] = Field(default_factory=dict)
    """Output, and `map`, the combined class map -> sums against the model's, one entry an image; of the
    second call, against the first one's."""
    equal: int = 0
    """Pixels of the class map whose largest class is the model's ..."""
    total: int = 0
    """... of so many; 0 = nothing was compared."""
    missing: int = 0
    """Images without an answer, or with one of another shape than the model's."""
    repeats_first: bool = False
    """It gives the first image's answer again, to the bit, and the model doesn't."""


class ChecksMeasurement(Measured):
    """What became of each check."""

    kind: Literal["checks"] = "checks"
    checks: tuple[Check, ...] = ()
    absent: str = ""
    """Why there are none."""


class Stage(Record):
    """A stage's output beside that of the same stage of the model."""

    name: str
    """input, backbone.stage1 ..., pixel_decoder ..., then the model's outputs and `map`."""
    sums: OutputSums


class StagesMeasurement(Measured):
    """The model's stages in the order of their calls, from an artifact that was exported with their outputs."""

    kind: Literal["stages"] = "stages"
    images: tuple[str, ...] = ()
    stages: tuple[Stage, ...] = ()
    equal: int = 0
    """Pixels of the class maps whose largest class is the model's, of all images ..."""
    total: int = 0
    """... of so many."""
    absent: str = ""
    """Why there are none."""
