"""Label maps that some other program wrote -> numbers, as the official Cityscapes evaluator gives.

One map per image of the split: paired by the Cityscapes stem (city_sequence_frame) whatever follows
it, or by file name where images have other names.
"""

from __future__ import annotations

import math
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from bench import registry, resources
from bench.datasets.cityscapes_layout import LABEL_SUFFIX, LayoutImages, label_folder
from bench.errors import DatasetError
from bench.measure.labelmaps import meaning_of, pair
from bench.tasks import confusion, instances, overlap
from bench.tasks.base import mean

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from bench.datasets.base import Images
    from bench.measure.labelmaps import Encoding
    from bench.suite.dataset import Dataset

WRONG_ENCODING = (
    "Hardly a pixel is right and many are no evaluated class: are the maps in the other encoding "
    "(--encoding trainIds or labelIds)?"
)


@dataclass(frozen=True)
class Score:
    """Numbers of a folder of label maps, fractions; NaN where there is nothing to count."""

    dataset: str
    images: int
    miou: float
    category_miou: float
    iiou: float
    category_iiou: float
    pixel_accuracy: float
    iou: dict[str, float]
    category_iou: dict[str, float]
    class_iiou: dict[str, float]
    notes: tuple[str, ...] = ()

    def as_json(self) -> dict[str, object]:
        """Stable form for `--json`: null instead of NaN."""
        return {
            "schema": 1,
            "dataset": self.dataset,
            "images": self.images,
            "metrics": {
                "miou": _null(self.miou),
                "iiou": _null(self.iiou),
                "category_miou": _null(self.category_miou),
                "category_iiou": _null(self.category_iiou),
                "pixel_accuracy": _null(self.pixel_accuracy),
                "iou": {k: _null(v) for k, v in self.iou.items()},
                "iou_by_category": {k: _null(v) for k, v in self.category_iou.items()},
                "iiou_by_class": {k: _null(v) for k, v in self.class_iiou.items()},
            },
            "notes": list(self.notes),
        }


def score(
    predictions: Path,
    spec: Dataset,
    *,
    encoding: Encoding | None = None,
    workers: int | None = None,
    done: Callable[[int, int], None] | None = None,
) -> Score:
    """Numbers of the label maps in a folder tree, against the ground truth of `spec.split`.

    Args:
        predictions: folder; every .png below it is a candidate.
        spec: the set, with its root.
        encoding: of the maps; None = labelIds for Cityscapes' layout, else class indices.
        workers: threads; None = all cores that this process may use. Decoding and counting happen
            in OpenCV, which lets other threads run meanwhile.
        done: told (images so far, of all) after each.

    Raises:
        DatasetError: a prediction is missing, doubled, unreadable, or doesn't fit.
    """
    images, layout = open_labels(spec)
    values = meaning_of(spec, encoding, layout=layout)
    files = pair(predictions, images.names)
    counts = np.zeros((len(values.names) + 1,) * 2, np.int64)
    things: list[dict[str, NDArray[np.uint32]]] = []
    known = overlap.categories(spec.classes)
    # In trainIds nothing is predicted as an unevaluated class; its categories do no harm there.
    of = (*known, *instances.UNEVALUATED.values()) if known else None

    def one(
        index: int,
    ) -> tuple[NDArray[np.int64], dict[str, NDArray[np.uint32]] | None]:
        truth = images.truth(index)
        labels = values.read(files[index], truth.shape)
        found = confusion.count(truth, labels, len(values.names))
        ids = images.instances(index)
        if ids is None:
            return found, None
        return found, instances.count(ids, labels, of)

    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    pool = ThreadPoolExecutor(workers or len(os.sched_getaffinity(0)))
    try:
        for index, (found, inside) in enumerate(pool.map(one, range(len(files)))):
            counts += found
            if inside is not None:
                things.append(inside)
            if done:
                done(index + 1, len(files))
    finally:
        pool.shutdown(cancel_futures=True)
        cv2.setNumThreads(threads)
    return _summary(spec, counts, things, len(files))


def open_labels(spec: Dataset) -> tuple[Images, bool]:
    """Opened split, and whether it is in Cityscapes' layout; there no photographs are needed.

    Raises:
        DatasetError: the set isn't there.
    """
    folder = label_folder(Path(spec.root).expanduser(), spec.split) if spec.root else None
    if folder is not None and folder.is_dir():
        found = sorted(p.name.removesuffix(LABEL_SUFFIX) for p in folder.glob(f"*/*{LABEL_SUFFIX}"))
        if not found:
            raise DatasetError(f"{folder} holds no CITY/*{LABEL_SUFFIX}.")
        root = folder.parent.parent
        opened: Any = LayoutImages(root, spec.split, tuple(found), spec)
        return opened, True
    loader = registry.load("dataset", spec.loader)()
    cache = resources.cache_dir()
    loader.prepare(spec, cache)
    images = loader.open(spec, cache, split=spec.split)
    return images, isinstance(images, LayoutImages)


def _summary(
    spec: Dataset,
    raw: NDArray[np.int64],
    things: list[dict[str, NDArray[np.uint32]]],
    images: int,
) -> Score:
    """Score from counts whose indices from C on are UNEVALUATED classes or void."""
    classes = spec.classes
    counts = confusion.fold(raw, len(classes))
    of = overlap.categories(classes)
    by_category = overlap.category_iou(counts, of) if of else {}
    by_class_inside: dict[str, float] = {}
    by_category_inside: dict[str, float] = {}
    if of and things:
        arrays = instances.stack(things)
        outside = np.array([c != "vehicle" for c in of])
        stray = int(raw[: len(classes)][outside][:, len(classes) : -1].sum())
        by_class_inside = instances.class_iiou(counts, arrays, classes)
        by_category_inside = instances.category_iiou(counts, arrays, classes, {"vehicle": stray})
    iou = overlap.class_iou(counts)
    return Score(
        dataset=spec.name,
        images=images,
        miou=float(mean(iou)),
        category_miou=_mean(by_category),
        iiou=_mean(by_class_inside),
        category_iiou=_mean(by_category_inside),
        pixel_accuracy=overlap.pixel_accuracy(counts),
        iou=dict(zip(classes, iou.tolist(), strict=True)),
        category_iou=by_category,
        class_iiou=by_class_inside,
        notes=_notes(raw, len(classes)),
    )


def _notes(raw: NDArray[np.int64], classes: int) -> tuple[str, ...]:
    labelled = raw[:classes]
    right, void = int(np.trace(labelled[:, :classes])), int(labelled[:, classes:].sum())
    total = int(labelled.sum())
    if total and right < 0.1 * total and void > 0.25 * total:
        return (WRONG_ENCODING,)
    return ()


def _mean(scores: dict[str, float]) -> float:
    return float(mean(np.array(list(scores.values()), np.float64)))


def _null(value: float) -> float | None:
    return None if math.isnan(value) else value
