"""Raw sums from which agreement, relative L2 and SQNR are derived."""

from typing import Literal

from pydantic import Field

from bench.record.base import Measured, Record


class OutputSums(Record):
    """One output against the reference's, one entry an image."""

    by_image = ("squared_error", "squared_reference", "largest_error", "non_finite")
    squared_error: tuple[float, ...]
    """Sum of (candidate - reference)^2, float64."""
    squared_reference: tuple[float, ...]
    """Sum of reference^2, float64."""
    largest_error: tuple[float, ...]
    """Largest |candidate - reference|."""
    non_finite: tuple[int, ...] = ()
    """Values of the candidate that are NaN or infinite; they are left out of the sums."""


class ParityMeasurement(Measured):
    """Comparison with the reference variant on the same images."""

    by_image = ("images", "equal", "total")
    kind: Literal["parity"] = "parity"
    reference: str
    """Slug of the reference variant."""
    images: tuple[str, ...]
    """Images whose labels were compared."""
    equal: tuple[int, ...] = ()
    """Pixels with the reference's label, by image; void ground truth included."""
    total: tuple[int, ...] = ()
    outputs: dict[str, OutputSums] = Field(default_factory=dict)
    """Output name (class_logits, mask_logits, logits, features) and `map` (the combined class map) -> sums,
    over the first `parity_images` images."""
    absent: str = ""
    """Why there is no comparison."""
