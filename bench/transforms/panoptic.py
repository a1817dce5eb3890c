"""Outputs of a mask classifier (Mask2Former, OneFormer) -> segments, rule by rule, in strips of rows.

`panoptic`: the rule of Mask2Former's authors (facebookresearch/Mask2Former,
mask2former/maskformer_model.py, `forward` and `panoptic_inference`), which OneFormer's authors use
too. Mask logits are resized to the input, then to the image. Kept are the queries whose most
probable class is not no-object and more probable than `threshold`; that probability is the score.
Each pixel goes to the query with the largest score * sigmoid(mask). A query is dropped where it won
less than `overlap_mask_area_threshold` of the pixels of its mask (sigmoid >= `mask_threshold`). Its
segment is the pixels that it won and that its mask holds. Segments of one stuff become one.

`panoptic-hf`: transformers 5, `post_process_panoptic_segmentation` of Mask2Former. It differs in
four points: mask logits are resized to 384 x 384, and their sigmoid from there to the image; a mask
is where score * sigmoid >= `mask_threshold`; a segment is all that its query won; a share equal to
`overlap_mask_area_threshold` is too small. After it has fused two segments the library can give one
id to two later ones; here each has an id of its own.

Where the map is not a number, the pixel is void.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.errors import Unsupported
from bench.segments import VOID, PanopticOptions, Segments
from bench.transforms import strips
from bench.transforms.base import Outputs, Rule, Size
from bench.transforms.strips import HF_SIZE, Rows


def panoptic(
    outputs: Outputs, input_size: Size, image_size: Size, options: PanopticOptions
) -> Segments:
    """Segments of the first image in the batch, at image_size, of the model's classes; Unsupported without queries."""
    scores, classes, masks = _kept(outputs, options)
    rows = _shares(strips.resized(strips.negated(masks, input_size), input_size, image_size))
    return _segments(rows, scores, classes, image_size, options)


def panoptic_hf(
    outputs: Outputs, _input_size: Size, image_size: Size, options: PanopticOptions
) -> Segments:
    """Segments of the first image in the batch, at image_size, by the library's own rule."""
    scores, classes, masks = _kept(outputs, options)
    rows = strips.resized(_shares(strips.negated(masks, HF_SIZE)), HF_SIZE, image_size)
    return _segments(rows, scores, classes, image_size, options, library=True)


def _kept(
    outputs: Outputs, options: PanopticOptions
) -> tuple[NDArray[np.float32], NDArray[np.intp], NDArray[np.float32]]:
    """Score and class, (K,), and mask logits, (K, h, w), of the queries above the threshold."""
    if "mask_logits" not in outputs:
        raise Unsupported(
            f"Panoptic post-processing needs class_logits and mask_logits; this model has "
            f"{', '.join(outputs)}.",
            'Use a Mask2Former or OneFormer, or the task "semantic".',
        )
    with np.errstate(all="ignore"):
        probability = strips.probabilities(outputs)
    best = probability.argmax(axis=1)
    scores = probability.max(axis=1).astype(np.float32)
    kept = (best < probability.shape[1] - 1) & (scores > options.threshold)
    return scores[kept], best[kept], outputs["mask_logits"][0][kept]


def _shares(turned: Rows) -> Rows:
    return lambda start, stop: strips.shares(turned(start, stop))


def _segments(
    rows: Rows,
    scores: NDArray[np.float32],
    classes: NDArray[np.intp],
    size: tuple[int, int],
    options: PanopticOptions,
    *,
    library: bool = False,
) -> Segments:
    """Segments at a size at which `rows` gives the masks' sigmoid."""
    count = len(scores)
    numbers = np.zeros(size, np.uint8 if count <= VOID else np.uint16)
    masked, won = np.zeros(count, np.int64), np.zeros(count + 1, np.int64)
    with np.errstate(all="ignore"):
        for start, stop in strips.blocks(size[0], count * size[1]) if count else ():
            part = rows(start, stop)
            weighted = part * scores[:, None, None]
            inside = (weighted if library else part) >= options.mask_threshold
            masked += np.count_nonzero(inside, axis=(1, 2))
            found = _winner(weighted)
            won += np.bincount(found.ravel(), minlength=count + 1)
            if not library:
                own = np.maximum(found, 1)[None].astype(np.intp) - 1
                found[~np.take_along_axis(inside, own, axis=0)[0]] = 0
            numbers[start:stop] = found
        if library:
            share = won[1:].astype(np.float32) / masked.astype(np.float32)
            enough = share.astype(np.float64) > options.overlap_mask_area_threshold
        else:
            enough = won[1:] / masked >= options.overlap_mask_area_threshold
    left = np.bincount(numbers.ravel(), minlength=count + 1)[1:] > 0
    table, named = np.zeros(count + 1, np.int32), []
    fused: dict[str, int] = {}
    for query in np.flatnonzero(enough & left & (masked > 0)).tolist():
        name = int(classes[query])
        stuff = options.label_ids_to_fuse.get(name, "")
        if stuff not in fused:
            named.append(name)
        table[query + 1] = fused.get(stuff, len(named))
        if stuff:
            fused.setdefault(stuff, len(named))
    return Segments(table[numbers], np.array(named, np.int32), np.zeros(len(named), np.bool_))


def _winner(part: NDArray[np.float32]) -> NDArray[Any]:
    """Number of the query with the largest value, from 1, (n, w); 0 where it is not a number."""
    if len(part) <= VOID:
        found = np.empty(part.shape[1:], np.uint8)
        strips.winner(part, found)
        return np.add(found, 1, out=found)  # VOID becomes 0
    return np.where(np.isnan(part.max(axis=0)), 0, part.argmax(axis=0) + 1)


PANOPTIC, PANOPTIC_HF = Rule(Segments, panoptic), Rule(Segments, panoptic_hf)
