"""Semantic segmentation: every pixel has a class; judged by mIoU, the Cityscapes rule."""

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.datasets.base import Images
from bench.record.counts import ConfusionMeasurement
from bench.record.result import Result
from bench.record.store import read_arrays
from bench.segments import VOID
from bench.suite.dataset import Dataset
from bench.tasks import confusion, overlap
from bench.tasks import instances as per_instance
from bench.tasks.base import Arrays, Ratios, Tally, Task, joined

NO_THINGS = "no class with instances is there"
NO_INSTANCES = "the data set has no instances"
OTHER_IMAGES = "instances and classes were counted on different images"
NO_CATEGORIES = "the classes aren't those of Cityscapes, which define categories and iIoU"


class SemanticTask(Task):
    """Label maps, uint8 (H, W) of class indices."""

    headline = "miou"
    label = "mIoU"
    class_metrics: tuple[str, ...] = ("iou", "category_iou")
    class_label = "IoU"
    hub = ("image-segmentation", "Semantic segmentation", "mean_iou")
    numbers: tuple[str, ...] = ("category_miou", "iiou", "category_iiou", "pixel_accuracy")
    kind = "confusion"
    absent = "absent: neither in the ground truth nor predicted on labelled pixels"
    instances = True

    def truth(self, images: Images, index: int) -> NDArray[np.uint8]:
        """Class indices, uint8 (H, W); VOID where unlabelled."""
        return images.truth(index)

    def mapped(self, prediction: NDArray[np.uint8], table: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The set's class indices, uint8 (H, W)."""
        return table[prediction]

    def tally(
        self,
        truth: NDArray[np.uint8],
        prediction: NDArray[np.uint8],
        dataset: Dataset,
        instances: NDArray[np.int32] | None,
    ) -> Tally:
        """`counts`, int64 (C+1, C+1), and the arrays of `bench.tasks.instances.count`."""
        counts = confusion.count(truth, prediction, len(dataset.classes))
        of = overlap.categories(dataset.classes)
        inside = {} if instances is None else per_instance.count(instances, prediction, of)
        return {"counts": counts, **inside}

    def classified(self, prediction: NDArray[np.uint8]) -> int:
        """Pixels that aren't VOID."""
        return int(np.count_nonzero(prediction != VOID))

    def agree(self, truth: NDArray[np.uint8], prediction: NDArray[np.uint8]) -> NDArray[np.bool_]:
        """Whether a pixel has the same class, bool (H, W)."""
        same: NDArray[np.bool_] = truth == prediction
        return same

    def labels(self, truth: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The label map itself."""
        return truth

    def write(self, stem: Path, prediction: NDArray[np.uint8]) -> None:
        """Write a PNG."""
        import cv2

        cv2.imwrite(f"{stem}.png", prediction, [cv2.IMWRITE_PNG_COMPRESSION, 1])

    def read(self, stem: Path) -> NDArray[np.uint8] | None:
        """Label map of the PNG, or None."""
        import cv2

        path = stem.with_suffix(".png")
        found: Any = cv2.imread(str(path), cv2.IMREAD_UNCHANGED) if path.is_file() else None
        labels: NDArray[np.uint8] | None = found
        return labels

    def measured(
        self, tallies: Sequence[Tally], seen: Mapping[str, Any]
    ) -> Iterator[tuple[dict[str, Any], Arrays]]:
        """Confusion counts, and instance counts where the set has instances."""
        stacked = confusion.stack([t["counts"] for t in tallies], len(seen["classes"]))
        yield {"kind": "confusion", **seen}, confusion.to_sparse(stacked)
        inside = [t for t in tallies if "hit" in t]
        if inside:
            named = {"classes": seen["classes"], "images": seen["images"]}
            yield {"kind": "instances", **named}, joined(inside, per_instance.FIELDS)

    def ratios(self, found: Any, folder: Path) -> dict[str, Ratios]:
        """`iou`, and `category_iou` where the classes are those of Cityscapes."""
        counts = counts_of(folder, found)
        made = {"iou": Ratios(found.classes, *overlap.parts(counts))}
        of = overlap.categories(found.classes)
        if of is not None:
            names = tuple(dict.fromkeys(of))
            made["category_iou"] = Ratios(names, *overlap.category_parts(counts, of))
        return made

    def scores(self, result: Result, folder: Path) -> dict[str, float | str]:
        """Mean IoU of the categories, iIoU, and pixel accuracy, fractions."""
        found, inside = result.get("confusion"), result.get("instances")
        counts, of = counts_of(folder, found), overlap.categories(found.classes)
        scores: dict[str, float | str] = dict.fromkeys(self.numbers, NO_CATEGORIES)
        scores["pixel_accuracy"] = overlap.pixel_accuracy(counts)
        if of is None:
            return scores
        by_category = self.ratios(found, folder)["category_iou"].pooled().tolist()
        scores["category_miou"] = overlap.mean_of(by_category)
        if inside is None or inside.images != found.images:
            why = NO_INSTANCES if inside is None else OTHER_IMAGES
            return {**scores, "iiou": why, "category_iiou": why}
        arrays = read_arrays(folder, inside.arrays)
        by_class = per_instance.class_iiou(counts, arrays, found.classes)
        of_categories = per_instance.category_iiou(counts, arrays, found.classes, inside.stray)
        for name, each in (("iiou", by_class), ("category_iiou", of_categories)):
            value = overlap.mean_of(each.values())
            scores[name] = NO_THINGS if math.isnan(value) else value
        return scores


# Every variant is compared with the same reference.
@lru_cache(maxsize=8)
def counts_of(folder: Path, found: ConfusionMeasurement) -> NDArray[np.int64]:
    """Counts of every image, int64 (N, C+1, C+1), read-only; `folder` holds the arrays."""
    arrays = read_arrays(folder, found.arrays)
    counts = confusion.from_sparse(arrays, len(found.images), len(found.classes))
    counts.flags.writeable = False
    return counts
