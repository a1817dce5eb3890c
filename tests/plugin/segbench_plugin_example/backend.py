"""A runtime of its own: a pixel's class is the nearest brightness, and an ONNX file says which."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bench.backends.base import Backend, OpenJob, Session
from bench.errors import WeightsError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from bench.devices.base import Device


class ThresholdSession(Session):
    """Logits: minus the distance to each class's brightness."""

    def __init__(self, job: OpenJob) -> None:
        pixels = job.model.pixels
        self._mean = np.asarray(pixels.mean, np.float32).reshape(3, 1, 1)
        self._std = np.asarray(pixels.std, np.float32).reshape(3, 1, 1)
        self._centres = _centres(job.artifact)

    @property
    def effective(self) -> dict[str, str]:
        """Constants: numpy computes as it was written."""
        return {"provider": "numpy", "precision": "fp32", "threads": "1"}

    def copy_in(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """The input itself: it is in main memory already."""
        return x

    def forward(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """Logits, float32 (N, C, h, w)."""
        grey = (x * self._std + self._mean).mean(1, keepdims=True)
        return np.asarray(-8 * np.abs(grey - self._centres), np.float32)

    def copy_out(self, raw: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
        """The logits by name."""
        return {"logits": raw}

    def close(self) -> None:
        """Nothing is held."""


class ThresholdBackend(Backend):
    """Runs on the processor, in fp32."""

    needs = ("numpy", "onnx")

    def supports(self, precision: str, device: Device) -> str:
        """Empty, or the reason why not."""
        if not device.on_cores:
            return f"threshold runs on the processor, not on {device.name}"
        return "" if precision == "fp32" else f"threshold computes in fp32, not in {precision}"

    def open(self, job: OpenJob) -> ThresholdSession:
        """Session on the artifact of the step `onnx`."""
        return ThresholdSession(job)


def _centres(artifact: Path | None) -> NDArray[np.float32]:
    """Brightness of each class, float32 (1, C, 1, 1), 0..1: the constant `centres` of model.onnx."""
    import onnx  # heavy imports stand where they are needed

    if artifact is None:
        raise WeightsError(
            "threshold reads an ONNX file.", "Begin the recipe with the step `onnx`."
        )
    for constant in onnx.load(artifact / "model.onnx").graph.initializer:
        if constant.name == "centres":
            values = onnx.numpy_helper.to_array(constant)
            return np.asarray(values, np.float32).reshape(1, -1, 1, 1)
    raise WeightsError(f"{artifact / 'model.onnx'} holds no constant called 'centres'.")
