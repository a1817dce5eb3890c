"""A deployable variant of a model: how it is exported, what runs it, in which precision."""

from typing import Any, Literal

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from bench.suite.base import Spec

Precision = Literal["fp32", "tf32", "fp16", "bf16", "int8", "unknown"]
"""`unknown` = of predictions that another program made."""


class Step(Spec):
    """One step of an export recipe."""

    name: str
    """Registered exporter."""
    options: dict[str, Any] = Field(default_factory=dict)


class CalibrationSet(Spec):
    """What a quantizer sees: images of a split that no case is evaluated on."""

    split: str = "train"
    images: int = Field(default=32, ge=1, le=100_000)
    validation: int = Field(default=0, ge=0, le=100_000)
    """Further images, with their labels, for a step that controls the accuracy."""

    @property
    def key(self) -> str:
        """What tells two sets of one data set apart."""
        return f"{self.split}/{self.images}+{self.validation}"

    @model_serializer(mode="wrap")
    def _as_before(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Fields; without `validation` where it is 0, so that digests are those from before there was one."""
        fields: dict[str, Any] = handler(self)
        return fields if self.validation else {k: v for k, v in fields.items() if k != "validation"}


class Variant(Spec):
    """Exporter recipe + backend + precision."""

    name: str
    format: str
    """torch, torchscript, onnx, openvino, or a plug-in's."""
    backend: str
    """Registered backend."""
    precision: Precision
    recipe: str = ""
    """Word that tells two recipes of the same three apart: autocast, static, dynamic."""
    steps: tuple[Step, ...] = ()
    """Export recipe, in order; empty = the backend takes the weights themselves."""
    options: dict[str, Any] = Field(default_factory=dict)
    """Options of the backend."""
    calibration: CalibrationSet | None = None
    about: str = ""
    """One sentence that the card prints."""

    @property
    def slug(self) -> str:
        """`format-backend-precision[-recipe]`; a backend of the format's name is said once."""
        parts = [self.format, self.backend, self.precision, self.recipe]
        if self.backend == self.format:
            parts.pop(1)
        return "-".join(p for p in parts if p)
