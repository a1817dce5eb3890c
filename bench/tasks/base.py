"""What every task offers: ground truth and prediction -> counts of an image -> ratios of the set.

A prediction is what the post-processing rule gives: a label map, or `bench.segments.Segments`. Ground
truth has the same type, so that a prediction of the reference variant may stand in its place.

Accuracy of any task is the mean over classes of a quotient of two sums over images: IoU is
intersection over union, PQ is the sum of IoU over TP + FP/2 + FN/2. Intervals, paired differences and
the gate know these sums only.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench import registry
from bench.datasets.base import Images
from bench.errors import RecordError
from bench.record.result import Result
from bench.suite.case import Case
from bench.suite.dataset import Dataset

Arrays = Mapping[str, NDArray[Any]]
Tally = dict[str, NDArray[Any]]
"""Counts of one image."""


@dataclass(frozen=True, eq=False)
class Ratios:
    """Quotients of sums over images: a column each, a row an image."""

    names: tuple[str, ...]
    part: NDArray[Any]
    """Numerators, int64 or float64 (N, K)."""
    whole: NDArray[Any]
    """Denominators, int64 or float64 (N, K); a column that sums up to 0 is absent."""

    def at(self, images: NDArray[np.int64]) -> Ratios:
        """The same of some of the images."""
        return Ratios(self.names, self.part[images], self.whole[images])

    def pooled(self) -> NDArray[np.float64]:
        """Quotient of each column over all images, float64 (K,); NaN where absent."""
        return ratio(self.part.sum(0).astype(np.float64), self.whole.sum(0).astype(np.float64))


class Task(ABC):
    """How predictions of one kind are judged."""

    headline: str
    """Metric that stands for accuracy: the mean of the first `class_metrics` over the classes."""
    label: str
    """The headline in words: `mIoU`."""
    class_metrics: tuple[str, ...]
    """Metrics of a class; the first is that of the headline, and a key of `ratios`."""
    class_label: str
    """The first of them in words: `IoU`."""
    hub: tuple[str, str, str]
    """The hub's task type, its name in words, and the headline's metric type."""
    numbers: tuple[str, ...] = ()
    """Names of the other metrics, as `scores` gives them."""
    kind: str
    """Measurement that holds the counts: its `kind`, or the name of an `extra` one. It has `classes`,
    `images`, `asked`, `groups` and `classified`."""
    rules: str = (
        "by the rules of Cityscapes: pixels without a label are left out, and a class that neither the "
        "ground truth nor a prediction has is left out of the mean"
    )
    """How the headline is made, in words."""
    absent: str = "absent: neither in the ground truth nor predicted"
    """Why a class has no ratio."""
    prediction: type = np.ndarray
    """Type of a prediction; a post-processing rule that gives another is refused."""
    instances: bool = False
    """Whether `tally` gets the set's instance ids."""
    needs: tuple[str, ...] = ()
    """Distributions that must be installed where a case is measured."""

    @property
    def class_metric(self) -> str:
        """Metric of a class whose mean is the headline."""
        return self.class_metrics[0]

    def rule(self, rule: Callable[..., Any], case: Case) -> Callable[..., Any]:  # noqa: ARG002
        """The registered post-processing rule as `(outputs, size, image_size) -> prediction`."""
        return rule

    @abstractmethod
    def truth(self, images: Images, index: int) -> Any:
        """Ground truth of an image.

        Raises:
            DatasetError: the set has none of this kind.
        """

    @abstractmethod
    def mapped(self, prediction: Any, table: NDArray[np.uint8]) -> Any:
        """A prediction of the model's classes as one of the set's.

        `table`: model's class -> the set's class, uint8 (256,); VOID where it has none.
        """

    @abstractmethod
    def tally(
        self, truth: Any, prediction: Any, dataset: Dataset, instances: NDArray[np.int32] | None
    ) -> Tally:
        """Counts of one image."""

    @abstractmethod
    def classified(self, prediction: Any) -> int:
        """Pixels that were predicted as any class, not as void."""

    @abstractmethod
    def agree(self, truth: Any, prediction: Any) -> NDArray[np.bool_]:
        """Whether a pixel is the same in both, bool (H, W); void in both is the same."""

    @abstractmethod
    def labels(self, truth: Any) -> NDArray[np.uint8]:
        """Class indices for a picture, uint8 (H, W); VOID without a class."""

    @abstractmethod
    def write(self, stem: Path, prediction: Any) -> None:
        """Keep a reference's prediction in a file whose name begins with `stem`."""

    @abstractmethod
    def read(self, stem: Path) -> Any | None:
        """Prediction that `write` kept, or None."""

    @abstractmethod
    def measured(
        self, tallies: Sequence[Tally], seen: Mapping[str, Any]
    ) -> Iterator[tuple[dict[str, Any], Arrays]]:
        """Measurements without `arrays`, and those arrays, from the tallies of the images in order.

        `seen` has `classes`, `images`, `asked`, `groups` and `classified`.
        """

    @abstractmethod
    def ratios(self, found: Any, folder: Path) -> dict[str, Ratios]:
        """Metric of a class -> its ratios: the first, and others that get intervals.

        `found` is the measurement of this task's `kind`; its arrays lie in `folder`.
        """

    def scores(self, result: Result, folder: Path) -> dict[str, float | str]:  # noqa: ARG002
        """Other metric -> number (NaN = no class occurs), or why it is missing."""
        return {}

    def by_class(self, found: Any, folder: Path) -> dict[str, dict[str, float]]:  # noqa: ARG002
        """Other metric of a class -> number by class, NaN where absent; they get no intervals."""
        return {}


def task_of(case: Case) -> Task:
    """Task of a case."""
    return _named(case.protocol.task)


@cache
def _named(name: str) -> Task:
    return registry.load("task", name)()


def counted(result: Result) -> Any:
    """Measurement that holds the counts of the result's task, or None."""
    return result.get(task_of(result.case).kind)


def joined(tallies: Sequence[Arrays], names: Sequence[str]) -> Tally:
    """Arrays of all images one after the other, uint32, and `image`, to which each entry belongs."""
    none = np.zeros(0, np.uint32)
    arrays = {name: np.concatenate([none, *(t[name] for t in tallies)]) for name in names}
    sizes = [len(t[names[0]]) for t in tallies]
    return arrays | {"image": np.repeat(np.arange(len(tallies), dtype=np.uint32), sizes)}


@contextmanager
def fitting(what: str) -> Iterator[None]:
    """Raises a RecordError, `what`, where an array of a record is missing, or an index lies outside."""
    try:
        yield
    except (KeyError, IndexError, ValueError) as e:
        raise RecordError(f"{what}: {e}.", "Measure that case again with --fresh.") from e


def ratio(part: NDArray[np.float64], whole: NDArray[np.float64]) -> NDArray[np.float64]:
    """Quotient, float64; NaN where whole is 0."""
    shape = np.broadcast_shapes(part.shape, whole.shape)
    quotient: NDArray[np.float64] = np.full(shape, np.nan)
    np.divide(part, whole, out=quotient, where=whole != 0)
    return quotient


def mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean over the last axis of what isn't NaN, float64 (...,); NaN where nothing is left."""
    there = ~np.isnan(values)
    return ratio(np.where(there, values, 0.0).sum(-1), there.sum(-1).astype(np.float64))
