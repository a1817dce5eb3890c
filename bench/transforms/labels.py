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

import cv2
import numpy as np
from numpy.typing import NDArray

from bench.segments import VOID
from bench.transforms import cells, strips
from bench.transforms.base import Outputs, Rule, Size


def reference(outputs: Outputs, input_size: Size, image_size: Size) -> NDArray[np.uint8]:
    """Class indices, uint8 (H, W) = image_size: combined at the input's size; VOID for features."""
    # Infinities and NaN of a broken variant are no reason for a warning: they become VOID.
    with np.errstate(all="ignore"):
        if "mask_logits" in outputs:
            if input_size == image_size and cells.apply(outputs["mask_logits"][0], image_size):
                return cells.labels(_weights(outputs), outputs["mask_logits"][0], image_size)
            rows, size = _combined(outputs, input_size), input_size
            queries, classes = outputs["class_logits"].shape[1:]
        elif "features" in outputs:
            return np.broadcast_to(np.uint8(VOID), image_size)
        elif "logits" in outputs:
            logits = outputs["logits"][0]
            rows = strips.sliced(logits)
            queries, (classes, *size) = 0, logits.shape
        else:
            return _as_indices(outputs["labels"][0], image_size)
        height, width = image_size
        behind = (queries + classes) * size[1] * size[0] // height  # numbers, of a row of labels
        if tuple(size) != image_size:
            rows = strips.resized(rows, size, image_size)
            behind += classes * width
        out = np.empty(image_size, np.uint8)
        for start, stop in strips.blocks(height, behind):
            strips.winner(rows(start, stop), out[start:stop])
        return out


def hf(outputs: Outputs, _input_size: Size, image_size: Size) -> NDArray[np.uint8]:
    """Class indices, uint8 (H, W) = image_size: combined at 384 x 384, whatever the input's size."""
    return reference(outputs, strips.HF_SIZE, image_size)


def class_map(outputs: Outputs) -> NDArray[np.float32]:
    """Map of the first image, float32 (C, h, w), at the outputs' size: combined, logits, or one-hot labels.

    Of features, of any shape, the features themselves.
    """
    if "mask_logits" in outputs:
        queries, height, width = outputs["mask_logits"].shape[1:]
        out = np.empty((outputs["class_logits"].shape[2] - 1, height, width), np.float32)
        with np.errstate(all="ignore"):
            rows = _combined(outputs, (height, width))
            for start, stop in strips.blocks(height, width * queries):
                out[:, start:stop] = rows(start, stop)
        return out
    for name in ("logits", "features"):
        if name in outputs:
            return np.ascontiguousarray(outputs[name][0], dtype=np.float32)
    labels = outputs["labels"][0]
    classes = np.arange(int(np.nanmax(labels)) + 1, dtype=np.float32)
    one_hot: NDArray[np.float32] = (labels[None] == classes[:, None, None]).astype(np.float32)
    return one_hot


def _combined(outputs: Outputs, size: Size) -> strips.Rows:
    return strips.combined(_weights(outputs), outputs["mask_logits"][0], size)


def _weights(outputs: Outputs) -> NDArray[np.float32]:
    """Probabilities of the classes, float32 (C, Q), without no-object."""
    return np.ascontiguousarray(strips.probabilities(outputs)[:, :-1].T, np.float32)


def _as_indices(labels: NDArray[np.float32], image_size: Size) -> NDArray[np.uint8]:
    """Class indices, uint8 (H, W), of labels; anything outside 0..254 is VOID."""
    known = (labels >= 0) & (labels < 255)
    indices = np.where(known, labels, 255).astype(np.uint8)
    if indices.shape == image_size:
        return indices
    size = image_size[::-1]
    return np.asarray(cv2.resize(indices, size, interpolation=cv2.INTER_NEAREST_EXACT), np.uint8)


def scores(outputs: Outputs, input_size: Size) -> NDArray[np.float32]:
    """Class map, float32 (C, h, w) = input_size: combined there, or logits resized to it."""
    return _scores(outputs, input_size, input_size)


def hf_scores(outputs: Outputs, input_size: Size) -> NDArray[np.float32]:
    """Class map, float32 (C, h, w) = input_size, combined at 384 x 384."""
    return _scores(outputs, strips.HF_SIZE, input_size)


def _scores(outputs: Outputs, combined: Size, size: Size) -> NDArray[np.float32]:
    with np.errstate(all="ignore"):
        if "mask_logits" in outputs:
            rows, own = _combined(outputs, combined), combined
            depth = outputs["mask_logits"].shape[1]
        else:
            logits = outputs["logits"][0]
            rows, own, depth = strips.sliced(logits), logits.shape[1:], len(logits)
        rows = strips.resized(rows, own, size)
        parts = [rows(*strip) for strip in strips.blocks(size[0], depth * size[1])]
        return np.concatenate(parts, axis=1)


REFERENCE = Rule(np.ndarray, reference, scores)
HF = Rule(np.ndarray, hf, hf_scores)
