"""Outputs of a mask classifier (Mask2Former, OneFormer) -> objects, rule by rule, in strips of rows.

`instance`: the rule of Mask2Former's authors (facebookresearch/Mask2Former,
mask2former/maskformer_model.py, `forward` and `instance_inference`). Mask logits are resized to the
input, then to the image. Of all pairs of a query and a class, the 100 most probable are kept, so that one
query can stand for several classes. A mask is where
its logit is above 0. Its score is the class's probability times the mean of the mask's sigmoid within it.

`instance-hf`: transformers 5, `post_process_instance_segmentation` of Mask2Former, with every threshold
at 0 and masks of their own. It differs in three points: mask logits are resized to 384 x 384, where masks
and scores are made, and masks from there to the image by the nearest pixel; as many pairs are kept as
there are queries.

A mask without a pixel is no object, nor one whose score is not a number.
"""

import numpy as np
from numpy.typing import NDArray

from bench.errors import Unsupported
from bench.objects import Objects, encoded, objects
from bench.transforms import strips
from bench.transforms.base import Outputs, Rule, Size
from bench.transforms.strips import HF_SIZE

MOST = 100
"""Detections of an image that COCO's evaluation looks at."""


def instance(outputs: Outputs, input_size: Size, image_size: Size) -> Objects:
    """Objects of the first image in the batch, at image_size, of the model's classes; Unsupported without queries."""
    found = _Pairs(outputs, MOST)
    rows = strips.resized(strips.negated(found.masks, input_size), input_size, image_size)
    return found.objects(rows, image_size, image_size)


def instance_hf(outputs: Outputs, _input_size: Size, image_size: Size) -> Objects:
    """Objects of the first image in the batch, at image_size, by the library's own rule."""
    found = _Pairs(outputs)
    return found.objects(strips.negated(found.masks, HF_SIZE), HF_SIZE, image_size)


class _Pairs:
    """The most probable pairs of a query and a class, surest first; of equal ones the first."""

    def __init__(self, outputs: Outputs, most: int | None = None) -> None:
        """Choose `most` of them, or as many as there are queries."""
        if "mask_logits" not in outputs:
            raise Unsupported(
                f"Instance post-processing needs class_logits and mask_logits; this model has "
                f"{', '.join(outputs)}.",
                'Use a Mask2Former or OneFormer, or the task "semantic".',
            )
        with np.errstate(all="ignore"):
            probability = strips.probabilities(outputs)[:, :-1]
        queries, classes = probability.shape
        order = np.argsort(-probability.astype(np.float32), axis=None, kind="stable")
        chosen, self.classes = np.divmod(order[: queries if most is None else most], classes)
        self.probability = probability[chosen, self.classes]
        used, self.place = np.unique(chosen, return_inverse=True)
        self.masks = outputs["mask_logits"][0][used]
        """Mask logits of the queries in question, (K, h, w)."""

    def objects(self, rows: strips.Rows, own: Size, size: Size) -> Objects:
        """Objects at a size, from rows of the masks' logits, with the other sign, at their own."""
        packed, weight = _masks(rows, len(self.masks), own)
        scores = self.probability * weight[self.place]
        runs: dict[int, bytes] = {}
        kept = [
            k
            for k, at in enumerate(self.place.tolist())
            if not np.isnan(scores[k]) and packed[at].any()
        ]
        for at in {int(self.place[k]) for k in kept}:
            mask = np.unpackbits(packed[at], axis=1, count=own[1])
            runs[at] = encoded((mask if own == size else _nearest(mask, size)).view(np.bool_))
        masks = [runs[int(self.place[k])] for k in kept]
        made = objects(size, masks, self.classes[kept], scores=scores[kept])
        return made.at(made.areas > 0)


def _masks(
    rows: strips.Rows, queries: int, size: Size
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Masks, a bit a pixel, uint8 (Q, H, ceil(W / 8)), and the mean of the sigmoid within, (Q,)."""
    height, width = size
    packed = np.empty((queries, height, -(-width // 8)), np.uint8)
    total, count = np.zeros(queries), np.zeros(queries)
    with np.errstate(all="ignore"):
        for start, stop in strips.blocks(height, queries * width):
            turned = rows(start, stop)
            inside = turned < 0  # logits come with the other sign
            packed[:, start:stop] = np.packbits(inside, axis=2)
            count += np.count_nonzero(inside, axis=(1, 2))
            share = strips.shares(turned)
            share[~inside] = 0
            total += share.sum(axis=(1, 2), dtype=np.float64)
        return packed, total / (count + 1e-6)


def _nearest(mask: NDArray[np.uint8], size: Size) -> NDArray[np.uint8]:
    """A mask at another size, as torch's `interpolate(mode="nearest")`: pixel floor(i * from / to)."""
    down, across = (
        np.minimum(
            (np.arange(to, dtype=np.float32) * np.float32(there / to)).astype(np.intp), there - 1
        )
        for there, to in zip(mask.shape, size, strict=True)
    )
    return np.ascontiguousarray(mask[down][:, across])


INSTANCE, INSTANCE_HF = Rule(Objects, instance), Rule(Objects, instance_hf)
