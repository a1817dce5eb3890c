"""What every export step offers."""

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


class ExportStep(Protocol):
    """One step of a recipe; a subclass sets what differs from the defaults."""

    needs: ClassVar[tuple[str, ...]]
    """Distributions whose versions enter the artifact's digest."""
    options: ClassVar[tuple[str, ...]] = ()
    """Options that it knows; a suite that names another is refused."""
    calibrates: ClassVar[bool] = False
    """Whether it reads calibration inputs."""

    def lacks(self) -> str:
        """Empty, or what this machine lacks for the step beyond `needs`. Imports nothing heavy."""
        return ""

    def make(self, job: ExportJob) -> None:
        """Write the artifact's files into `job.out`."""
        ...
