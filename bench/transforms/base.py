"""Signatures of the rules. `Outputs` is what a session returns: named float32 arrays of one batch.

Either `class_logits` (N, Q, C+1) with `mask_logits` (N, Q, h, w), or `logits` (N, C, h, w), or
`labels` (N, h, w).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from bench.segments import PanopticOptions, Segments
    from bench.suite.model import Pixels

    Outputs = Mapping[str, NDArray[np.float32]]


class Preprocess(Protocol):
    """Image -> model input."""

    def __call__(
        self, image: NDArray[np.uint8], pixels: Pixels, size: tuple[int, int]
    ) -> NDArray[np.float32]:
        """Input, float32 (1, 3, h, w) with (h, w) = size, of an image, uint8 (H, W, 3) RGB."""
        ...


class Postprocess(Protocol):
    """Outputs -> class indices at the image's size."""

    def __call__(
        self, outputs: Outputs, input_size: tuple[int, int], image_size: tuple[int, int]
    ) -> NDArray[np.uint8]:
        """Class indices of the first image in the batch, uint8 (H, W), (H, W) = image_size."""
        ...


class PanopticPostprocess(Protocol):
    """Outputs -> segments at the image's size."""

    def __call__(
        self,
        outputs: Outputs,
        input_size: tuple[int, int],
        image_size: tuple[int, int],
        options: PanopticOptions,
    ) -> Segments:
        """Segments of the first image in the batch, of the model's classes, at image_size."""
        ...
