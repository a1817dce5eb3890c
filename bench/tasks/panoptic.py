"""Panoptic segmentation: every pixel has a class and belongs to an object or a region; judged by PQ.

    PQ = sum(IoU) / (TP + FP/2 + FN/2),   SQ = sum(IoU) / TP,   RQ = TP / (TP + FP/2 + FN/2)

of each class over all images, averaged over the classes that are there (Kirillov et al., Panoptic
Segmentation, 2019). The rules are those of `evalPanopticSemanticLabeling.py` of cityscapesscripts: a
pair matches where both have one class and IoU > 0.5; the predicted segment's pixels on void count
nowhere; crowd is neither matched nor missed; a predicted segment is no false positive where more than
half of it lies on void or on crowd of its class. A class without a match has an SQ of 0 in the mean.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.datasets.base import Images
from bench.errors import DatasetError
from bench.record.counts import SegmentsMeasurement
from bench.record.result import Result
from bench.record.store import read_arrays
from bench.segments import VOID, PanopticOptions, Segments
from bench.suite.case import Case
from bench.suite.dataset import Dataset
from bench.tasks.base import Arrays, Ratios, Tally, Task, fitting, joined, mean, ratio

MATCHED, FALSE, MISSED = 0, 1, 2
FIELDS = ("class_index", "outcome", "intersection", "union")


class PanopticTask(Task):
    """`Segments`: ids, int32 (H, W), and their classes."""

    headline = "pq"
    label = "PQ"
    class_metrics = ("pq", "sq", "rq")
    class_label = "PQ"
    hub = ("image-segmentation", "Panoptic segmentation", "panoptic_quality")
    numbers = (
        "sq", "rq", "pq_things", "sq_things", "rq_things", "pq_stuff", "sq_stuff", "rq_stuff",
    )  # fmt: skip
    kind = "segments"
    prediction = Segments
    absent = "absent: no segment in the ground truth, in the predictions, or (of SQ) matched"

    def rule(self, rule: Callable[..., Any], case: Case) -> Callable[..., Any]:
        """The rule with the protocol's thresholds; segments that are one class of stuff in the set are fused."""
        protocol, data = case.protocol, case.dataset
        options = PanopticOptions(
            threshold=protocol.threshold,
            mask_threshold=protocol.mask_threshold,
            overlap_mask_area_threshold=protocol.overlap_mask_area_threshold,
            label_ids_to_fuse={
                i: data.namesake(name) or name
                for i, name in enumerate(case.model.classes)
                if data.namesake(name) not in data.thing_classes
            },
        )
        return partial(rule, options=options)

    def truth(self, images: Images, index: int) -> Segments:
        """Panoptic ground truth of the set's classes."""
        found = images.segments(index)
        if found is None:
            raise DatasetError(
                f"Image {index} of the data set has no panoptic ground truth.",
                'Leave task = "panoptic" out, or use a data set that has it (see datasets/README.md).',
            )
        return found

    def mapped(self, prediction: Segments, table: NDArray[np.uint8]) -> Segments:
        """Segments of the set's classes; those of other classes become void."""
        classes = table[prediction.classes].astype(np.int32)
        kept = classes != VOID
        number = np.append(0, np.where(kept, np.cumsum(kept), 0)).astype(np.int32)
        return Segments(number[prediction.ids], classes[kept], prediction.crowd[kept])

    def tally(
        self,
        truth: Segments,
        prediction: Segments,
        dataset: Dataset,  # noqa: ARG002
        instances: NDArray[np.int32] | None,  # noqa: ARG002
    ) -> Tally:
        """One entry a counted segment, uint32 (see `SegmentsMeasurement`)."""
        shared, first, second, union = _matches(truth, prediction)
        on_void = shared[0, 1:].copy()
        of_class = truth.classes[:, None] == prediction.classes[None, :]
        on_void += (shared[1:, 1:] * (of_class & truth.crowd[:, None])).sum(0)
        size_truth, size = shared.sum(1)[1:], shared.sum(0)[1:]
        missed = (size_truth > 0) & ~truth.crowd
        missed[first] = False
        false = (size > 0) & (2 * on_void <= size)
        false[second] = False
        classes = (truth.classes[first], prediction.classes[false], truth.classes[missed])
        rest = np.zeros(len(classes[1]) + len(classes[2]), np.int64)
        found = {
            "class_index": np.concatenate(classes),
            "outcome": np.repeat([MATCHED, FALSE, MISSED], [len(c) for c in classes]),
            "intersection": np.concatenate([shared[first + 1, second + 1], rest]),
            "union": np.concatenate([union[first, second], rest]),
        }
        return {k: v.astype(np.uint32) for k, v in found.items()}

    def classified(self, prediction: Segments) -> int:
        """Pixels that belong to a segment."""
        return int(np.count_nonzero(prediction.ids))

    def agree(self, truth: Segments, prediction: Segments) -> NDArray[np.bool_]:
        """Whether a pixel lies in both segments of a match, or is void in both, bool (H, W)."""
        shared, first, second, _ = _matches(truth, prediction)
        same = np.zeros(shared.shape, bool)
        same[0, 0] = True
        same[first + 1, second + 1] = True
        found: NDArray[np.bool_] = same[truth.ids, prediction.ids]
        return found

    def labels(self, truth: Segments) -> NDArray[np.uint8]:
        """Classes, uint8 (H, W), with a line of VOID between two segments."""
        labels, ids = truth.labels(), truth.ids
        labels[:, 1:][ids[:, 1:] != ids[:, :-1]] = VOID
        labels[1:][ids[1:] != ids[:-1]] = VOID
        return labels

    def write(self, stem: Path, prediction: Segments) -> None:
        """Write an .npz."""
        with stem.with_suffix(".npz").open("wb") as file:
            # The narrowest type compresses fastest.
            ids = prediction.ids.astype(np.min_scalar_type(len(prediction.classes)))
            np.savez_compressed(file, ids=ids, classes=prediction.classes)

    def read(self, stem: Path) -> Segments | None:
        """Segments of the .npz, or None."""
        path = stem.with_suffix(".npz")
        if not path.is_file():
            return None
        with np.load(path, allow_pickle=False) as z:
            ids = z["ids"].astype(np.int32)
            return Segments(ids, z["classes"], np.zeros(len(z["classes"]), bool))

    def measured(
        self, tallies: Sequence[Tally], seen: Mapping[str, Any]
    ) -> Iterator[tuple[dict[str, Any], Arrays]]:
        """What became of every segment."""
        yield {"kind": "segments", **seen}, joined(tallies, FIELDS)

    def ratios(self, found: SegmentsMeasurement, folder: Path) -> dict[str, Ratios]:
        """`pq`: the sum of IoU over TP + FP/2 + FN/2."""
        iou, _, whole = _sums(folder, found)
        return {"pq": Ratios(found.classes, iou, whole)}

    def scores(self, result: Result, folder: Path) -> dict[str, float | str]:
        """Means over all classes, things and stuff, fractions."""
        found, things = result.get("segments"), result.case.dataset.thing_classes
        numbers = _by_class(folder, found)
        # A class that is there and was never matched has an SQ of 0.
        numbers["sq"] = np.where(np.isnan(numbers["pq"]), np.nan, np.nan_to_num(numbers["sq"]))
        is_thing = np.array([c in things for c in found.classes])
        kinds = {"": is_thing | ~is_thing, "_things": is_thing, "_stuff": ~is_thing}
        return {n + k: float(mean(v[of])) for k, of in kinds.items() for n, v in numbers.items()}

    def by_class(self, found: SegmentsMeasurement, folder: Path) -> dict[str, dict[str, float]]:
        """`sq` and `rq` of each class, fractions."""
        numbers = _by_class(folder, found)
        return {
            name: dict(zip(found.classes, numbers[name].tolist(), strict=True))
            for name in ("sq", "rq")
        }


def _matches(
    truth: Segments, prediction: Segments
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Shared pixels, int64 (S + 1, P + 1); positions of matched pairs; union, int64 (S, P).

    Raises:
        ValueError: the maps differ in size.
    """
    if truth.ids.shape != prediction.ids.shape:
        raise ValueError(f"segments of {truth.ids.shape} and {prediction.ids.shape} pixels")
    rows, columns = len(truth.classes) + 1, len(prediction.classes) + 1
    codes = truth.ids.astype(np.int64) * columns + prediction.ids
    shared = np.bincount(codes.ravel(), minlength=rows * columns).reshape(rows, columns)
    inside = shared[1:, 1:]
    sizes = shared.sum(1)[1:, None] + shared.sum(0)[None, 1:]
    union = sizes - inside - shared[None, 0, 1:]
    alike = truth.classes[:, None] == prediction.classes[None, :]
    matched = alike & ~truth.crowd[:, None] & (2 * inside > union)
    first, second = np.nonzero(matched)
    return shared, first, second, union


def _by_class(folder: Path, found: SegmentsMeasurement) -> dict[str, NDArray[np.float64]]:
    """PQ, SQ and RQ of each class, fractions, float64 (C,); NaN where absent."""
    iou, matched, whole = (x.sum(0) for x in _sums(folder, found))
    return {"pq": ratio(iou, whole), "sq": ratio(iou, matched), "rq": ratio(matched, whole)}


@lru_cache(maxsize=8)
def _sums(
    folder: Path, found: SegmentsMeasurement
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Sum of IoU, matches, and TP + FP/2 + FN/2 of each image and class, float64 (N, C).

    Raises:
        RecordError: an array is missing, or an index lies outside.
    """
    arrays, images, classes = (
        read_arrays(folder, found.arrays),
        len(found.images),
        len(found.classes),
    )
    iou, matched, whole = np.zeros((3, images, classes))
    with fitting(f"Segments don't fit {images} images of {classes} classes"):
        at = arrays["image"].astype(np.int64), arrays["class_index"].astype(np.int64)
        pair = arrays["outcome"] == MATCHED
        part, union = (arrays[k].astype(np.float64) for k in ("intersection", "union"))
        np.add.at(iou, at, np.nan_to_num(ratio(part, union)))
        np.add.at(matched, at, pair.astype(np.float64))
        np.add.at(whole, at, np.where(pair, 1.0, 0.5))
    return iou, matched, whole
