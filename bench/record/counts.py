"""What is counted of every image: confusion, instances and segments; and the time that it took."""

from typing import Literal

from pydantic import Field

from bench.record.base import ArrayFile, Measured


class ImageCounts(Measured):
    """A task's counts of every image."""

    by_image = ("images", "groups", "classified")
    classes: tuple[str, ...]
    images: tuple[str, ...]
    """Names of the images that were evaluated, in order."""
    asked: int
    """Images that the protocol asked for; fewer were seen where the time limit ended the pass."""
    groups: tuple[str, ...] = ()
    """Group (city) of every image, which intervals may leave out as a whole; empty = none."""
    classified: tuple[int, ...] = ()
    """Pixels of every image that were predicted as any class, not as void; empty in older records."""
    arrays: ArrayFile


class ConfusionMeasurement(ImageCounts):
    """Counts of every image.

    Arrays: `image`, `truth`, `prediction` (uint32) and `count` (uint32), one entry a non-zero cell.
    Truth and prediction are class indices 0..C-1; C is void. Pixels whose truth is void are counted
    in row C and left out by every metric that says so.
    """

    kind: Literal["confusion"] = "confusion"


class SegmentsMeasurement(ImageCounts):
    """What became of every segment, for PQ.

    Arrays, one entry a segment, uint32: `image`; `class_index`; `outcome` (0 = a matched pair of ground
    truth and prediction, 1 = a false positive, 2 = a false negative); `intersection` and `union`,
    pixels of a matched pair, 0 elsewhere. Segments that count nowhere (crowd, predictions that lie on
    void) are left out.
    """

    kind: Literal["segments"] = "segments"


class InstanceMeasurement(Measured):
    """Counts of every instance in the ground truth, for iIoU.

    Arrays: `image`, `class_index` (uint32), `size`, `hit` and `category_hit` (uint32): pixels of the
    instance, those predicted as its class, and those predicted as any class of its category.
    """

    by_image = ("images",)
    kind: Literal["instances"] = "instances"
    classes: tuple[str, ...]
    images: tuple[str, ...]
    stray: dict[str, int] = Field(default_factory=dict)
    """Category -> labelled pixels of other categories that were predicted as one of its classes that
    aren't evaluated (caravan, trailer); only predictions of other programs have such classes."""
    arrays: ArrayFile


class RunTimes(Measured):
    """Wall times of the accuracy pass, nanoseconds."""

    by_image = ("forward_ns",)
    kind: Literal["accuracy_pass"] = "accuracy_pass"
    forward_ns: tuple[int, ...]
    """Forward call of every image."""
    wall_ns: int
    """The whole pass; where it was divided into shards, the sum of theirs."""
