"""What a protocol asks to be counted beside a label map's confusion: boundaries, the image's edge, and reliability."""

from typing import Literal

from bench.record.counts import ImageCounts


class BoundaryMeasurement(ImageCounts):
    """Boundary regions of every image (see `bench.tasks.boundary`).

    Arrays, one entry a class of an image, uint32: `image`, `class_index`, and `intersection` and `union`
    of its regions in ground truth and prediction, labelled pixels.
    """

    kind: Literal["boundary"] = "boundary"
    share: float
    """Width of a region over the image's diagonal."""


class EdgeMeasurement(ImageCounts):
    """Pixels near the edge of every image (see `bench.tasks.edge`); arrays as of a BoundaryMeasurement."""

    kind: Literal["edge"] = "edge"
    pixels: int
    """Pixels from the edge."""


class ReliabilityMeasurement(ImageCounts):
    """Confidence of every image's labels (see `bench.tasks.reliability`), on a grid of its pixels.

    Arrays, one entry a bin of an image: `image`, `bin`, `pixels`, `correct` (uint32), and `confidence`
    (float64), the sum of the pixels' probabilities. Empty where the outputs are labels.
    """

    kind: Literal["reliability"] = "reliability"
    bins: int
    step: int
    """Rows, and columns, from one pixel that is counted to the next."""
    absent: str = ""
    """Why nothing was counted; else empty."""
