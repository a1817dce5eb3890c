"""What every export step offers."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from bench import registry
from bench.errors import BadInput
from bench.exporters.notes import ArtifactNote, read_note
from bench.models.base import OPTIONS
from bench.suite.model import Model


@dataclass(frozen=True)
class Validation:
    """Images that judge an artifact while it is made."""

    inputs: tuple[NDArray[np.float32], ...]
    """Preprocessed, float32 (1, C, h, w) each."""
    judge: Callable[[Iterable[tuple[int, Mapping[str, NDArray[Any]]]]], tuple[float, list[float]]]
    """Positions in `inputs` with their named outputs -> headline metric over all, and of each alone."""


@dataclass(frozen=True)
class ExportJob:
    """Everything that a step needs."""

    model: Model
    previous: Path | None
    """Folder of the predecessor's artifact; None for the first step."""
    out: Path
    """Empty folder to write into."""
    size: tuple[int, int]
    """Input height and width."""
    batch_size: int
    threads: int
    allow_code: bool = False
    stages: bool = False
    """Whether the artifact has the outputs of the model's stages, too."""
    options: dict[str, Any] = field(default_factory=dict)
    calibration: tuple[NDArray[np.float32], ...] = ()
    """Preprocessed calibration inputs, float32 (1, C, h, w) each; empty unless the step asks."""
    validation: Validation | None = None
    """None unless the step asks and the model has an accuracy."""

    @property
    def input_shape(self) -> tuple[int, int, int, int]:
        """Batch, channels, height and width."""
        return (self.batch_size, self.model.pixels.bands, *self.size)

    def before(self) -> tuple[Path, ArtifactNote]:
        """File and note of the predecessor's artifact; BadInput where the recipe begins with this step."""
        if self.previous is None:
            raise BadInput(
                "The first step of the recipe reads a graph, and there is none yet.",
                "Begin with the step `onnx`.",
            )
        # What the step before tried is its own history.
        note = read_note(self.previous).model_copy(update={"rungs": ()})
        return self.previous / note.model, note

    def module(self) -> Any:
        """The model as its loader builds it, with those of the step's options that are its, in the step's `dtype`; torch then computes with the job's threads."""
        import torch

        torch.set_num_threads(self.threads)
        loader = registry.load("model", self.model.loader)()
        asked = {name: self.options[name] for name in OPTIONS if name in self.options}
        module = loader.build(self.model, allow_code=self.allow_code, options=asked)
        module = module.to(dtype=getattr(torch, self.options.get("dtype", "float32")))
        if not self.stages:
            return module
        from bench.models.stages import Staged

        return Staged(module, torch.zeros(self.input_shape)).eval()


@dataclass(frozen=True)
class Memory:
    """Peak memory of a step, as measured (bench/exporters/README.md says on what)."""

    gb: float
    """GB whatever the model."""
    weights: float
    """Multiple of the bytes of the model's parameters in float32."""
    activations: float = 0.0
    """A further multiple, of a step that runs the model, at 512 x 1024 pixels a call; it grows with them."""

    def bytes(self, parameters: int, pixels: int) -> int:
        """Bytes that the step takes for so many bytes of parameters and pixels a call."""
        times = self.weights + self.activations * pixels / (512 * 1024)
        return int(self.gb * 1e9 + times * parameters)


class ExportStep(Protocol):
    """One step of a recipe; a subclass sets what differs from the defaults."""

    needs: ClassVar[tuple[str, ...]]
    """Distributions whose versions enter the artifact's digest."""
    options: ClassVar[tuple[str, ...]] = ()
    """Options that it knows; a suite that names another is refused."""
    memory: ClassVar[Memory | None] = None
    """A step that would take more than is free is refused; None = not measured, so it never is."""
    calibrates: ClassVar[bool] = False
    """Whether it reads calibration inputs."""
    validates: ClassVar[bool] = False
    """Whether it reads labelled images of the calibration set, too."""

    def lacks(self) -> str:
        """Empty, or what this machine lacks for the step beyond `needs`. Imports nothing heavy."""
        return ""

    def make(self, job: ExportJob) -> None:
        """Write the artifact's files into `job.out`."""
        ...


def option(job: ExportJob, name: str, default: Any, fits: Callable[[Any], bool], known: str) -> Any:
    """Value of an option, or its default.

    Raises:
        BadInput: the value doesn't fit; `known` says what does.
    """
    value = job.options.get(name, default)
    if name in job.options and not fits(value):
        raise BadInput(f"{name} = {value!r} can't be.", f"It takes {known}.")
    return value
