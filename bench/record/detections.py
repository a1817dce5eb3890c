"""What is counted of the objects of every image, for AP: detections, and the ground truth's objects."""

from typing import Literal

from bench.record.base import ArrayFile, Measured
from bench.record.counts import ImageCounts


class DetectionsMeasurement(ImageCounts):
    """Every detection and every object of the ground truth, for AP.

    Arrays, one entry each, of an image in the order of the classes, the objects before the detections,
    these surest first: `image`, `class_index` (uint32); `truth` (uint8), 1 = of the ground truth;
    `crowd` (uint8); `score` (float32), 0 in the ground truth; `area` (float64), pixels, or what an
    annotation says. `matched` and `ignored`, uint16 (entries, 4), a column for objects of any size, small,
    medium and large ones (below 32 ** 2, to 96 ** 2, above): bit k tells of the IoU threshold
    0.5 + 0.05 k whether a detection matched an object, and whether it counts nowhere; of an object all bits
    of `ignored` are alike. Masks stand in `MasksMeasurement`, entry by entry.
    """

    kind: Literal["detections"] = "detections"


class MasksMeasurement(Measured):
    """Masks of the entries of `DetectionsMeasurement`, from which all else can be computed anew.

    Arrays, one entry a piece of a mask's run lengths in COCO's compressed form: `image`, `entry` (uint32),
    its place among the image's; `runs` (bytes, at most 64), the pieces of an entry in their order.
    `sizes` holds height and width of each image.
    """

    by_image = ("images", "sizes")
    kind: Literal["masks"] = "masks"
    images: tuple[str, ...]
    sizes: tuple[tuple[int, int], ...]
    arrays: ArrayFile
