"""What every backend and every session offers."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from bench.devices.base import Device
from bench.errors import WeightsError
from bench.exporters.notes import ArtifactNote, read_note
from bench.suite.model import Model
from bench.suite.variant import Variant

EFFECTIVE = {
    "precision": "Precisions in which convolutions and matrix products run: `fp32`, `int8, fp32`",
    "input": "dtype that it is fed: float32, float16, bfloat16",
    "weights": "dtype of the weights in memory, where it may differ from the precision",
    "threads": "Threads of one operator",
    "streams": "Requests that it would run side by side",
    "provider": "ONNX Runtime's execution provider",
    "device": "Where it runs",
    "subtask": "Segmentation task that a library's pipeline or an endpoint is asked for",
    "compiled": "Whether the load time holds the compilation, or the reading of a compiler's cache",
}
"""Key -> what it means, of all that a runtime may report of itself."""


@dataclass(frozen=True)
class OpenJob:
    """Everything that opening a session needs."""

    model: Model
    variant: Variant
    device: Device
    threads: int
    artifact: Path | None
    """Folder that the last export step wrote; None = the weights themselves."""
    size: tuple[int, int]
    """Input height and width."""
    batch_size: int = 1
    allow_code: bool = False

    def file(self) -> tuple[Path, ArtifactNote]:
        """File that the last export step wrote, and its note; WeightsError without one."""
        if self.artifact is None:
            raise WeightsError("The variant has no recipe, so there is no file to open.")
        note = read_note(self.artifact)
        return self.artifact / note.model, note


class Session(Protocol):
    """A loaded artifact. The three phases are called in order; only `forward` computes.

    `copy_in` gets what its backend `takes`: a tensor, float32 (N, C, h, w), or an image, uint8 (1, H, W, 3).
    """

    weights: Mapping[str, int] = MappingProxyType({})
    """`parameters`, `weight_bytes` and `file_bytes` where no export step noted them; else empty."""
    module: Any = None
    """The torch module that `forward` calls, for a backend whose `parts` are timed by hooks."""

    @property
    def effective(self) -> dict[str, str]:
        """What the runtime says that it does, under keys of `EFFECTIVE`; read last, since finding out costs time."""
        ...

    def copy_in(self, x: NDArray[np.float32]) -> Any:
        """Input, float32 (N, 3, h, w), on the device and in the session's dtype."""
        ...

    def fed(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """The input as the session's dtype leaves it, float32 (N, 3, h, w)."""
        return np.asarray(self.copy_in(x), np.float32)

    def forward(self, x: Any) -> Any:
        """Raw outputs, still on the device; the caller synchronises."""
        ...

    def copy_out(self, raw: Any) -> dict[str, NDArray[np.float32]]:
        """Outputs in main memory: class_logits and mask_logits, or logits, or labels; float32."""
        ...

    def close(self) -> None:
        """Release all that the session holds; it can't be used afterwards."""
        vars(self).clear()


class Backend(Protocol):
    """A runtime; a subclass sets what differs from the defaults."""

    needs: ClassVar[tuple[str, ...]]
    """Distributions that must be installed, the runtime's own first."""
    options: ClassVar[tuple[str, ...]] = ()
    """Options that it knows; a suite that names another is refused."""
    parts: ClassVar[Literal["hooks", "profiler"] | None] = None
    """How the parts of a model are timed: hooks on its torch module, ONNX Runtime's profiler; None =
    it runs the model as a whole."""
    takes: ClassVar[Literal["tensor", "image"]] = "tensor"
    """What its sessions are fed: the preprocessed input, or the image, of which they make labels."""
    remote: ClassVar[bool] = False
    """Whether the model runs elsewhere, so that neither its module nor an artifact is needed here."""
    profile: ClassVar[str] = ""
    """File of `bench/measure/coverage` that reads its profile; empty = it tells none by operator."""
    precisions: ClassVar[tuple[str, ...]] = ("fp32",)
    """Precisions that it has on every device that computes in them."""
    otherwise: ClassVar[str] = "this backend has no {}"
    """Why it has no other precision, whose name replaces the braces."""

    def supports(self, precision: str, device: Device) -> str:
        """Empty, or the reason why not. Imports nothing heavy."""
        if self.needs[0] not in device.runtimes:
            return f"{self.needs[0]} isn't wired to {device.name} here"
        if precision not in self.precisions:
            return self.otherwise.format(precision)
        return device.lacks(precision)

    def refuses(self, variant: Variant, device: Device) -> str:
        """Empty, or why this machine can't run a variant: its precision or its options. Imports nothing heavy."""
        return self.supports(variant.precision, device)

    def open(self, job: OpenJob) -> Session:
        """Session on the artifact; WeightsError where it is damaged."""
        ...
