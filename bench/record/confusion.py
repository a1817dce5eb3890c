"""Per-image confusion counts, sparse, and per-instance counts."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from bench.record.base import ArrayFile, ImageCounts, Record


class ConfusionMeasurement(ImageCounts):
    """Counts of every image.

    Arrays: `image`, `truth`, `prediction` (uint32) and `count` (uint32), one entry a non-zero cell.
    Truth and prediction are class indices 0..C-1; C is void. Pixels whose truth is void are counted
    in row C and left out by every metric that says so.
    """

    kind: Literal["confusion"] = "confusion"


class InstanceMeasurement(Record):
    """Counts of every instance in the ground truth, for iIoU.

    Arrays: `image`, `class_index` (uint32), `size`, `hit` and `category_hit` (uint32): pixels of the
    instance, those predicted as its class, and those predicted as any class of its category.
    """

    by_image = ("images",)
    kind: Literal["instances"] = "instances"
    version: int = 1
    classes: tuple[str, ...]
    images: tuple[str, ...]
    stray: dict[str, int] = Field(default_factory=dict)
    """Category -> labelled pixels of other categories that were predicted as one of its classes that
    aren't evaluated (caravan, trailer); only predictions of other programs have such classes."""
    arrays: ArrayFile


class RunTimes(Record):
    """Wall times of the accuracy pass, nanoseconds."""

    by_image = ("forward_ns",)
    kind: Literal["accuracy_pass"] = "accuracy_pass"
    version: int = 1
    forward_ns: tuple[int, ...]
    """Forward call of every image."""
    wall_ns: int
    """The whole pass; where it was divided into shards, the sum of theirs."""
