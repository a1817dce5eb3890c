"""A task of its own: which classes are in the image at all, judged by F1.

    F1 = 2 TP / (2 TP + FP + FN)

over all images, averaged over the classes: a quotient of two sums over images, as every task's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bench.record.store import read_arrays
from bench.tasks.base import Ratios
from bench.tasks.semantic import SemanticTask

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from bench.record.result import ExtraMeasurement, Result
    from bench.suite.dataset import Dataset
    from bench.tasks.base import Arrays, Tally

LEAST = 0.01
"""Share of the image that a class needs to be there."""


class PresenceTask(SemanticTask):
    """Label maps, as in the semantic task; only what is counted is another thing."""

    headline = "presence_f1"
    label = "presence F1"
    class_metrics = ("f1",)
    class_label = "F1"
    hub = ("image-classification", "Class presence", "f1")
    numbers = ("exact_match",)
    kind = "presence"
    absent = "absent: in no image, and predicted in none"
    instances = False

    def tally(
        self,
        truth: NDArray[np.uint8],
        prediction: NDArray[np.uint8],
        dataset: Dataset,
        instances: NDArray[np.int32] | None,
    ) -> Tally:
        """Whether each class is there, and whether it is predicted, int64 (C,)."""
        del instances
        there, said = (
            np.bincount(m.ravel(), minlength=256)[: len(dataset.classes)] >= LEAST * m.size
            for m in (truth, prediction)
        )
        return {"there": there.astype(np.int64), "said": said.astype(np.int64)}

    def measured(
        self, tallies: Sequence[Tally], seen: Mapping[str, Any]
    ) -> Iterator[tuple[dict[str, Any], Arrays]]:
        """An entry an image and class."""
        classes = len(seen["classes"])
        none = np.zeros(0, np.int64)
        arrays = {k: np.concatenate([none, *(t[k] for t in tallies)]) for k in ("there", "said")}
        arrays["image"] = np.repeat(np.arange(len(tallies), dtype=np.int64), classes)
        yield {"kind": "extra", "name": self.kind, **seen}, arrays

    def ratios(self, found: Any, folder: Path) -> dict[str, Ratios]:
        """`f1`: twice the hits over hits, false alarms and misses."""
        there, said = _counts(found, folder)
        return {"f1": Ratios(found.classes, 2 * (there & said), there + said)}

    def scores(self, result: Result, folder: Path) -> dict[str, float | str]:
        """`exact_match`: share of images of which every class is told right, fraction."""
        there, said = _counts(result.get(self.kind), folder)
        return {"exact_match": float((there == said).all(1).mean())}


def _counts(found: ExtraMeasurement, folder: Path) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Whether each class is there and whether it is predicted, int64 (N, C) both."""
    if found.arrays is None:
        raise ValueError("a presence measurement has arrays")
    arrays = read_arrays(folder, found.arrays)
    shape = (len(found.images), len(found.classes))
    return arrays["there"].reshape(shape), arrays["said"].reshape(shape)
