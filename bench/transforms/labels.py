"""Outputs -> class indices, rule by rule, in strips of rows.

`reference`: the order of Mask2Former's authors (facebookresearch/Mask2Former,
mask2former/maskformer_model.py, `forward` and `semantic_inference`): mask logits upsampled to the
input's size, softmax without the no-object class times sigmoid of the masks, summed over queries,
the resulting map resized to the image, argmax.

`hf`: transformers 5, `Mask2FormerImageProcessor.post_process_semantic_segmentation`: the same with
384 x 384 in place of the input's size.

Plain logits have one order only under both: resized to the image, argmax.

All resizing is bilinear with half-pixel centres and no filter before shrinking, torch's
`interpolate(mode="bilinear", align_corners=False)`. The first of equal classes wins; where the map
is not a number the label is VOID, so that broken arithmetic counts as a miss.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import cv2
import numpy as np

from bench.transforms.strips import Kept, blocks, combined, stretched, winner

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from bench.transforms.base import Outputs

    Rows = Callable[[int, int], NDArray[np.float32]]
    """(start, stop) -> those rows of a map, float32 (C, stop - start, w)."""

_HF_SIZE = (384, 384)


def reference(
    outputs: Outputs, input_size: tuple[int, int], image_size: tuple[int, int]
) -> NDArray[np.uint8]:
    """Class indices, uint8 (H, W) = image_size: combined at the input's size."""
    return _labels(outputs, input_size, image_size)


def hf(
    outputs: Outputs,
    input_size: tuple[int, int],  # noqa: ARG001 - the library takes no notice of it
    image_size: tuple[int, int],
) -> NDArray[np.uint8]:
    """Class indices, uint8 (H, W) = image_size: combined at 384 x 384."""
    return _labels(outputs, _HF_SIZE, image_size)


def class_map(outputs: Outputs) -> NDArray[np.float32]:
    """Combined map of the first image, float32 (C, h, w), at the outputs' own size.

    Of plain logits, the logits themselves; of labels, their one-hot map.
    """
    if "mask_logits" in outputs:
        queries, height, width = outputs["mask_logits"].shape[1:]
        out = np.empty((outputs["class_logits"].shape[2] - 1, height, width), np.float32)
        with np.errstate(all="ignore"):
            rows = _combined_rows(outputs, (height, width))
            for start, stop in blocks(height, width * queries):
                out[:, start:stop] = rows(start, stop)
        return out
    if "logits" in outputs:
        return np.ascontiguousarray(outputs["logits"][0], dtype=np.float32)
    labels = outputs["labels"][0]
    classes = np.arange(int(np.nanmax(labels)) + 1, dtype=np.float32)
    one_hot: NDArray[np.float32] = (labels[None] == classes[:, None, None]).astype(np.float32)
    return one_hot


def _labels(
    outputs: Outputs, combine_at: tuple[int, int], image_size: tuple[int, int]
) -> NDArray[np.uint8]:
    # Infinities and NaN of a broken variant are no reason for a warning: they become VOID.
    with np.errstate(all="ignore"):
        if "mask_logits" in outputs:
            rows = _combined_rows(outputs, combine_at)
            queries, classes = outputs["class_logits"].shape[1:]
            return _argmax(rows, combine_at, image_size, classes, queries)
        if "logits" in outputs:
            logits = outputs["logits"][0]
            classes, height, width = logits.shape

            def plain(start: int, stop: int) -> NDArray[np.float32]:
                part: NDArray[np.float32] = logits[:, start:stop]
                return part

            return _argmax(plain, (height, width), image_size, classes, 0)
        return _as_indices(outputs["labels"][0], image_size)


def _combined_rows(outputs: Outputs, size: tuple[int, int]) -> Rows:
    """Rows of the combined map at a size."""
    logits = outputs["class_logits"][0].astype(np.float64)
    power = np.exp(logits - logits.max(axis=1, keepdims=True))
    weights = (power / power.sum(axis=1, keepdims=True))[:, :-1].T
    masks = outputs["mask_logits"][0]
    return partial(combined, np.ascontiguousarray(weights, np.float32), masks, size)


def _argmax(
    rows: Rows, size: tuple[int, int], image_size: tuple[int, int], classes: int, queries: int
) -> NDArray[np.uint8]:
    """Winning class, uint8 (H, W) = image_size, of a map given by rows at another size."""
    height, width = image_size
    out = np.empty((height, width), np.uint8)
    below = (queries + classes) * size[1] * size[0] // height  # numbers behind one row of labels
    if size == image_size:
        for start, stop in blocks(height, below):
            winner(rows(start, stop), out[start:stop])
        return out
    kept = Kept(rows)
    for start, stop in blocks(height, below + classes * width):
        winner(stretched(kept, size, image_size, start, stop), out[start:stop])
    return out


def _as_indices(labels: NDArray[np.float32], image_size: tuple[int, int]) -> NDArray[np.uint8]:
    """Class indices, uint8 (H, W), of labels; anything outside 0..254 is VOID."""
    with np.errstate(invalid="ignore"):
        known = (labels >= 0) & (labels < 255)
        indices = np.where(known, labels, 255).astype(np.uint8)
    if indices.shape == image_size:
        return indices
    size = (image_size[1], image_size[0])
    resized: NDArray[np.uint8] = cv2.resize(indices, size, interpolation=cv2.INTER_NEAREST_EXACT)
    return resized
