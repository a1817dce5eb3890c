"""A runtime without a model: a pixel's class is how bright it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bench.backends.base import OpenJob

CENTRES = (40 / 255, 128 / 255, 215 / 255)
"""Brightness of each class."""


class ThresholdSession:
    """Logits: minus the distance to each class's brightness."""

    output_names = ("logits",)

    def __init__(self, job: OpenJob) -> None:
        pixels = job.model.pixels
        self._mean = np.float32(pixels.mean).reshape(3, 1, 1)
        self._std = np.float32(pixels.std).reshape(3, 1, 1)
        self.effective = {"provider": "numpy", "precision": "fp32", "threads": "1"}

    def copy_in(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """The input itself: it is in main memory already."""
        return x

    def forward(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """Logits, float32 (N, 3, h, w)."""
        grey = (x * self._std + self._mean).mean(1, keepdims=True)
        centres = np.float32(CENTRES).reshape(1, -1, 1, 1)
        return np.asarray(-8 * np.abs(grey - centres), np.float32)

    def copy_out(self, raw: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
        """The logits by name."""
        return {"logits": raw}

    def close(self) -> None:
        """Nothing is held."""


class ThresholdBackend:
    """Runs on the processor, in fp32."""

    needs = ("numpy",)
    extra = ""

    def supports(self, precision: str, device: str) -> str:
        """Empty, or the reason why not."""
        if device != "cpu":
            return f"threshold runs on cpu, not on {device}"
        return "" if precision == "fp32" else f"threshold computes in fp32, not in {precision}"

    def open(self, job: OpenJob) -> ThresholdSession:
        """Session; there is no artifact to read."""
        return ThresholdSession(job)
