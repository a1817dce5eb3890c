"""Signatures of the rules. `Outputs` is what a session returns: named float32 arrays of one batch.

Either `class_logits` (N, Q, C+1) with `mask_logits` (N, Q, h, w), or `logits` (N, C, h, w), or
`labels` (N, h, w), or, of a backbone alone, `features` (N, ...).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.objects import Objects
from bench.segments import PanopticOptions, Segments
from bench.suite.model import Pixels

Outputs = Mapping[str, NDArray[np.float32]]
Size = tuple[int, int]
"""Height and width."""
Preprocess = Callable[[NDArray[np.uint8], Pixels, Size], NDArray[np.float32]]
"""(image, pixels, size) -> the model's input, float32 (1, C, h, w) with (h, w) = size, of an image,
(H, W, C): uint8 RGB, or any bands."""
Postprocess = Callable[[Outputs, Size, Size], NDArray[np.uint8]]
"""(outputs, input size, image size) -> class indices of the first image in the batch, uint8 (H, W)
with (H, W) = image size."""
PanopticPostprocess = Callable[[Outputs, Size, Size, PanopticOptions], Segments]
"""(outputs, input size, image size, options) -> segments of the first image in the batch, of the
model's classes, at the image's size."""

InstancePostprocess = Callable[[Outputs, Size, Size], Objects]
"""(outputs, input size, image size) -> objects of the first image in the batch, likewise."""
Scores = Callable[[Outputs, Size], NDArray[np.float32]]
"""(outputs, input size) -> the first image's class map at the input's size, float32 (C, h, w)."""


@dataclass(frozen=True)
class Rule:
    """A post-processing rule, as it is registered."""

    prediction: type
    """`np.ndarray` for a label map, `Segments`, `Objects`, or what else a task takes."""
    call: Postprocess | PanopticPostprocess | InstancePostprocess
    scores: Scores | None = None
    """The map whose largest class is the label, where maps of windows can be averaged."""
