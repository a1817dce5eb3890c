"""Outputs of a mask classifier (Mask2Former, OneFormer) -> segments, rule by rule, in strips of rows.

`panoptic`: the rule of Mask2Former's authors (facebookresearch/Mask2Former,
mask2former/maskformer_model.py, `forward` and `panoptic_inference`), which OneFormer's authors use
too. Mask logits are resized to the input, then to the image. Kept are the queries whose most
probable class is not no-object and more probable than `threshold`; that probability is the score.
Each pixel goes to the query with the largest score * sigmoid(mask). A query is dropped where it won
less than `overlap_mask_area_threshold` of the pixels of its mask (sigmoid >= `mask_threshold`). Its
segment is the pixels that it won and that its mask holds. Segments of one class of stuff become one.

`panoptic-hf`: transformers 5, `post_process_panoptic_segmentation` of Mask2Former. It differs in
four points: mask logits are resized to 384 x 384, and their sigmoid from there to the image; a mask
is where score * sigmoid >= `mask_threshold`; a segment is all that its query won; a share equal to
`overlap_mask_area_threshold` is too small. After it has fused two segments the library can give one
id to two later ones; here each has an id of its own.

Where the map is not a number, the pixel is void.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from bench.errors import Unsupported
from bench.segments import VOID, Segments
from bench.transforms.strips import Kept, blocks, shares, stretched, winner

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from bench.segments import PanopticOptions
    from bench.transforms.base import Outputs

    Rows = Callable[[int, int], NDArray[np.float32]]
    """(start, stop) -> those rows of a map, float32 (K, stop - start, w)."""

_HF_SIZE = (384, 384)


def panoptic(
    outputs: Outputs,
    input_size: tuple[int, int],
    image_size: tuple[int, int],
    options: PanopticOptions,
) -> Segments:
    """Segments of the first image in the batch, at image_size; classes are the model's.

    Raises:
        Unsupported: the model has no queries.
    """
    kept = _Queries(outputs, options)
    turned = _resized(kept.turned, kept.size, input_size)
    return kept.segments(_shares(_resized(turned, input_size, image_size)), image_size)


def panoptic_hf(
    outputs: Outputs,
    input_size: tuple[int, int],  # noqa: ARG001 - the library takes no notice of it
    image_size: tuple[int, int],
    options: PanopticOptions,
) -> Segments:
    """Segments of the first image in the batch, at image_size, by the library's own rule.

    Raises:
        Unsupported: the model has no queries.
    """
    kept = _Queries(outputs, options)
    inner = _shares(_resized(kept.turned, kept.size, _HF_SIZE))
    return kept.segments(_resized(inner, _HF_SIZE, image_size), image_size, library=True)


class _Queries:
    """Queries of one image whose score reaches the threshold."""

    def __init__(self, outputs: Outputs, options: PanopticOptions) -> None:
        if "mask_logits" not in outputs:
            raise Unsupported(
                f"Panoptic post-processing needs class_logits and mask_logits; this model has "
                f"{', '.join(outputs)}.",
                'Use a Mask2Former or OneFormer, or the task "semantic".',
            )
        logits = outputs["class_logits"][0].astype(np.float64)
        with np.errstate(all="ignore"):
            power = np.exp(logits - logits.max(axis=1, keepdims=True))
            probability = power / power.sum(axis=1, keepdims=True)
        best = probability.argmax(axis=1)
        scores = probability[np.arange(len(best)), best].astype(np.float32)
        kept = (best < logits.shape[1] - 1) & (scores > options.threshold)
        self.options = options
        self.scores, self.classes = scores[kept], best[kept]
        self.masks = outputs["mask_logits"][0][kept]
        self.size: tuple[int, int] = self.masks.shape[1:]

    def turned(self, start: int, stop: int) -> NDArray[np.float32]:
        """Rows of the mask logits with the other sign, float32 (K, n, w)."""
        rows: NDArray[np.float32] = np.negative(self.masks[:, start:stop])
        return rows

    def segments(self, rows: Rows, size: tuple[int, int], *, library: bool = False) -> Segments:
        """Segments at a size at which `rows` gives the masks' sigmoid."""
        count = len(self.scores)
        numbers = np.zeros(size, np.uint8 if count <= VOID else np.uint16)
        masked, won = np.zeros(count, np.int64), np.zeros(count + 1, np.int64)
        with np.errstate(all="ignore"):
            for start, stop in blocks(size[0], count * size[1]) if count else ():
                part = rows(start, stop)
                weighted = part * self.scores[:, None, None]
                inside = (weighted if library else part) >= self.options.mask_threshold
                masked += np.count_nonzero(inside, axis=(1, 2))
                found = _winner(weighted)
                won += np.bincount(found.ravel(), minlength=count + 1)
                if not library:
                    own = np.maximum(found, 1)[None] - 1
                    found[~np.take_along_axis(inside, own.astype(np.intp), axis=0)[0]] = 0
                numbers[start:stop] = found
        return self._numbered(numbers, self._valid(masked, won[1:], library=library))

    def _valid(
        self, masked: NDArray[np.int64], won: NDArray[np.int64], *, library: bool
    ) -> NDArray[np.bool_]:
        """Whether each query won enough of its mask, bool (K,)."""
        least = self.options.overlap_mask_area_threshold
        pixels = np.maximum(masked, 1)
        if library:
            share = won.astype(np.float32) / pixels.astype(np.float32)
            enough = share.astype(np.float64) > least
        else:
            enough = won / pixels >= least
        return (won > 0) & (masked > 0) & enough

    def _numbered(self, numbers: NDArray[Any], valid: NDArray[np.bool_]) -> Segments:
        """Segments of what each query won, those of one class of stuff as one."""
        left = np.bincount(numbers.ravel(), minlength=len(valid) + 1)[1:] > 0
        table = np.zeros(len(valid) + 1, np.int32)
        classes: list[int] = []
        fused: dict[int, int] = {}
        for query in np.flatnonzero(valid & left).tolist():
            name = int(self.classes[query])
            if name not in fused:
                classes.append(name)
            table[query + 1] = fused.get(name, len(classes))
            if name in self.options.label_ids_to_fuse:
                fused[name] = int(table[query + 1])
        return Segments(
            ids=table[numbers],
            classes=np.array(classes, np.int32),
            crowd=np.zeros(len(classes), np.bool_),
        )


def _winner(part: NDArray[np.float32]) -> NDArray[Any]:
    """Number of the query with the largest value, from 1, (n, w); 0 where it is not a number."""
    if len(part) <= VOID:
        found = np.empty(part.shape[1:], np.uint8)
        winner(part, found)
        return np.add(found, 1, out=found)  # VOID becomes 0
    return np.where(np.isnan(part.max(axis=0)), 0, part.argmax(axis=0) + 1)


def _resized(rows: Rows, size: tuple[int, int], target: tuple[int, int]) -> Rows:
    """Rows of the same map at another size."""
    return rows if size == target else partial(stretched, Kept(rows), size, target)


def _shares(turned: Rows) -> Rows:
    return lambda start, stop: shares(turned(start, stop))
