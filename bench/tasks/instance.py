"""Instance segmentation: objects with a class, a mask and a score each; judged by AP, COCO's rules.

AP is no quotient of sums over images. Its ratios hold pseudo-values instead (Efron & Tibshirani, An
Introduction to the Bootstrap, 1993, chapter 11), moved so that their mean is the AP itself: with AP of
all N images, and AP_i of all but image i,

    part_i = AP + (N - 1) * (mean of AP_j - AP_i),   whole_i = 1

The jackknife of their mean is that of the AP, exactly; the paired bootstrap resamples them. A class whose
objects lie in one image alone has its AP there, and nothing elsewhere: no interval. The rules of matching
stand in `detections.py`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.datasets.base import Images
from bench.errors import DatasetError
from bench.objects import NEEDS, Objects, objects, of_segments
from bench.record.detections import DetectionsMeasurement
from bench.record.result import Result
from bench.record.store import read_arrays
from bench.segments import VOID
from bench.suite.case import Case
from bench.suite.dataset import Dataset
from bench.tasks import detections
from bench.tasks.base import Arrays, Ratios, Tally, Task, fitting, mean

PIECE = 64
SURE = 0.5
"""Least score of a detection that a picture shows and parity compares."""
SIZES = ("", "_small", "_medium", "_large")
_NO_OBJECT = "no object of that size is in the ground truth"


class InstanceTask(Task):
    """`Objects`: masks as run lengths, classes and scores."""

    headline = "ap"
    label = "AP"
    class_metrics = ("ap", "ap50", "ap75")
    class_label = "AP"
    hub = ("image-segmentation", "Instance segmentation", "mean_average_precision")
    numbers = ("ap50", "ap75", "ap_small", "ap_medium", "ap_large", "ar")
    kind = "detections"
    prediction = Objects
    rules = (
        "by the rules of COCO: of each image and class the 100 surest detections count, also those where "
        "nothing is annotated, and a class without an object is left out of the mean"
    )
    absent = "absent: no object in the ground truth"
    needs = (NEEDS,)

    def rule(self, rule: Callable[..., Any], case: Case) -> Callable[..., Any]:
        """The rule itself; DatasetError for a set without things."""
        if not case.dataset.thing_classes:
            raise DatasetError(
                f"Data set {case.dataset.name!r} names no class of things, and objects are things.",
                f"Give [dataset.{case.dataset.name}] `things`.",
            )
        return rule

    def truth(self, images: Images, index: int) -> Objects:
        """Objects of the set's classes, or its panoptic segments, one an object."""
        found = images.objects(index)
        if found is None and (segments := images.segments(index)) is not None:
            found = of_segments(segments)
        if found is None:
            raise DatasetError(
                f"Image {index} of the data set has no objects.",
                'Leave task = "instance" out, or use a data set that has instances or panoptic ground '
                "truth (see datasets/README.md).",
            )
        return found

    def mapped(self, prediction: Objects, table: NDArray[np.uint8]) -> Objects:
        """Objects of the set's classes; those of other classes are left out."""
        classes = table[prediction.classes].astype(np.int32)
        kept = prediction.at(classes != VOID)
        return Objects(**{**vars(kept), "classes": classes[classes != VOID]})

    def tally(
        self,
        truth: Objects,
        prediction: Objects,
        dataset: Dataset,
        instances: NDArray[np.int32] | None,  # noqa: ARG002
    ) -> Tally:
        """Entries of the things of an image (see `DetectionsMeasurement`), and their masks."""
        things = [i for i, c in enumerate(dataset.classes) if c in dataset.thing_classes]
        both = (of.at(np.isin(of.classes, things)) for of in (truth, prediction))
        found, masks = detections.matches(*both)
        pieces = [[m[i : i + PIECE] for i in range(0, len(m), PIECE)] for m in masks]
        return {
            **found,
            "entry": np.repeat(np.arange(len(masks), dtype=np.uint32), [len(p) for p in pieces]),
            "runs": np.array([p for of in pieces for p in of], f"S{PIECE}"),
            "size": np.array(truth.size),
        }

    def classified(self, prediction: Objects) -> int:
        """Pixels that an object of at least half a score holds."""
        return int(np.count_nonzero(prediction.labels(SURE) != VOID))

    def agree(self, truth: Objects, prediction: Objects) -> NDArray[np.bool_]:
        """Whether the surest objects of at least half a score are of one class, bool (H, W)."""
        same: NDArray[np.bool_] = truth.labels(SURE) == prediction.labels(SURE)
        return same

    def labels(self, truth: Objects) -> NDArray[np.uint8]:
        """Classes of the surest objects, uint8 (H, W); VOID elsewhere."""
        return truth.labels(SURE)

    def write(self, stem: Path, prediction: Objects) -> None:
        """Write an .npz."""
        with stem.with_suffix(".npz").open("wb") as file:
            np.savez_compressed(
                file,
                size=prediction.size,
                runs=np.array(prediction.masks, np.bytes_),
                classes=prediction.classes,
                scores=prediction.scores,
            )

    def read(self, stem: Path) -> Objects | None:
        """Objects of the .npz, or None."""
        path = stem.with_suffix(".npz")
        if not path.is_file():
            return None
        with np.load(path, allow_pickle=False) as z:
            height, width = z["size"].tolist()
            return objects((height, width), z["runs"].tolist(), z["classes"], scores=z["scores"])

    def measured(
        self, tallies: Sequence[Tally], seen: Mapping[str, Any]
    ) -> Iterator[tuple[dict[str, Any], Arrays]]:
        """Every detection and object, and their masks."""
        yield {"kind": "detections", **seen}, _joined(tallies, detections.FIELDS)
        sizes = tuple((int(h), int(w)) for h, w in (t["size"] for t in tallies))
        yield (
            {"kind": "masks", "images": seen["images"], "sizes": sizes},
            _joined(tallies, ("entry", "runs")),
        )

    def ratios(self, found: DetectionsMeasurement, folder: Path) -> dict[str, Ratios]:
        """`ap`: pseudo-values of the AP of any size, over all thresholds."""
        return {"ap": _pseudo(_entries(folder, found), len(found.images))}

    def scores(self, result: Result, folder: Path) -> dict[str, float | str]:
        """AP at an IoU of 0.5 and of 0.75, of objects by size, and AR, fractions."""
        found: DetectionsMeasurement = result.get("detections")
        entries = _entries(folder, found)
        by_size = [_precisions(entries, k) for k in range(len(SIZES))]
        numbers = {
            "ap50": mean(by_size[0][:, 0]),
            "ap75": mean(by_size[0][:, 5]),
            **{f"ap{s}": mean(of.mean(1)) for s, of in zip(SIZES, by_size, strict=True) if s},
            "ar": mean(np.array([of.recall() for of in entries.ranked(0)])),
        }
        return {k: _NO_OBJECT if np.isnan(v) else float(v) for k, v in numbers.items()}

    def by_class(self, found: DetectionsMeasurement, folder: Path) -> dict[str, dict[str, float]]:
        """`ap50` and `ap75` of each class, fractions."""
        every = _precisions(_entries(folder, found), 0)
        return {
            name: dict(zip(found.classes, every[:, at].tolist(), strict=True))
            for name, at in (("ap50", 0), ("ap75", 5))
        }


def _joined(tallies: Sequence[Tally], names: Sequence[str]) -> Tally:
    """Arrays of all images one after the other, and `image`, to which each entry belongs."""
    arrays = {n: np.concatenate([_nothing()[n], *(t[n] for t in tallies)]) for n in names}
    lengths = [len(t[names[0]]) for t in tallies]
    return arrays | {"image": np.repeat(np.arange(len(tallies), dtype=np.uint32), lengths)}


def _nothing() -> Tally:
    """Arrays of no entry, which give a set without images its types."""
    none = objects((1, 1), (), ())
    entry, runs = np.zeros(0, np.uint32), np.zeros(0, f"S{PIECE}")
    return {**detections.matches(none, none)[0], "entry": entry, "runs": runs}


@dataclass(frozen=True, eq=False)
class _Entries:
    """Arrays of a `DetectionsMeasurement`, of the images from 0 on."""

    names: tuple[str, ...]
    arrays: Mapping[str, NDArray[Any]]

    def at(self, images: NDArray[np.int64]) -> "_Entries":
        """Entries of some images, which are counted from 0 in their order."""
        starts = np.searchsorted(self.arrays["image"], [images, images + 1])
        parts = [np.arange(a, b) for a, b in starts.T.tolist()]
        which = np.concatenate([np.zeros(0, np.int64), *parts])
        arrays = {k: v[which] for k, v in self.arrays.items()}
        arrays["image"] = np.repeat(
            np.arange(len(images), dtype=np.uint32), [len(p) for p in parts]
        )
        return _Entries(self.names, arrays)

    def ranked(self, size: int) -> list[detections.Ranked]:
        """Detections and objects of each class, of one size."""
        a, out = self.arrays, []
        for c in range(len(self.names)):
            own = a["class_index"] == c
            image, truth, score = (a[k][own] for k in ("image", "truth", "score"))
            matched, ignored = (a[k][own, size] for k in ("matched", "ignored"))
            out.append(detections.Ranked(image, truth == 1, score, matched, ignored))
        return out


def _precisions(entries: _Entries, size: int) -> NDArray[np.float64]:
    """AP of each class at each threshold, float64 (C, 10)."""
    return np.array([of.precision() for of in entries.ranked(size)])


@dataclass(frozen=True)
class _Pseudo(Ratios):
    """Pseudo-values; those of some of the images are computed anew."""

    entries: _Entries = field(kw_only=True)

    def at(self, images: NDArray[np.int64]) -> Ratios:
        """The same of some of the images."""
        whole = np.array_equal(images, np.arange(len(self.part)))
        return self if whole else _pseudo(self.entries.at(images), len(images))


def _pseudo(entries: _Entries, count: int) -> Ratios:
    """Pseudo-values of the AP of any size, float64 (count, C)."""
    part, whole = np.zeros((2, count, len(entries.names)))
    for c, ranked in enumerate(entries.ranked(0)):
        ap = ranked.precision().mean()
        if np.isnan(ap):
            continue
        there = np.unique(ranked.objects)
        if len(there) == 1:
            part[there, c], whole[there, c] = ap, 1
            continue
        without = np.full(count, ap)
        for i in np.union1d(there, ranked.image).tolist():
            without[i] = ranked.precision(without=i).mean()
        part[:, c] = ap + (count - 1) * (without.mean() - without)
        whole[:, c] = 1
    return _Pseudo(entries.names, part, whole, entries=entries)


@lru_cache(maxsize=8)
def _entries(folder: Path, found: DetectionsMeasurement) -> _Entries:
    """Entries of the record.

    Raises:
        RecordError: an array is missing, or an index lies outside.
    """
    arrays = read_arrays(folder, found.arrays)
    images, classes = len(found.images), len(found.classes)
    with fitting(f"Detections don't fit {images} images of {classes} classes"):
        kept = {k: arrays[k] for k in ("image", *detections.FIELDS)}
        for key, most in (("image", images), ("class_index", classes)):
            if kept[key].size and int(kept[key].max()) >= most:
                raise IndexError(f"{key} {int(kept[key].max())}")
    return _Entries(found.classes, kept)
