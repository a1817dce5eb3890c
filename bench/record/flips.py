"""Pixels whose label isn't the reference's: between which classes, how near a boundary, how sure the reference was."""

from typing import Literal

from bench.record.base import ArrayFile, Measured

PAIR, DISTANCE, MARGIN = 0, 1, 2
"""What a cell counts by."""
DISTANCES = (2, 4, 8, 16)
"""Edges of the distances to the nearest boundary of the reference's labels, pixels."""
MARGINS = (0.01, 0.03, 0.1, 0.3, 1.0)
"""Edges of the reference's margin: largest less second largest value of its combined class map, in the map's
own unit (a mask classifier's sums of probabilities, else logits)."""


class FlipsMeasurement(Measured):
    """Counts of every image against the reference variant's labels.

    Arrays, uint32, one entry a cell that isn't zero: `image`; `by`; `first`; `second`; `count` pixels.
    By PAIR: the reference's class and this one's, where they differ (255 = none). By DISTANCE: the bin, and
    whether the label differs, 0 or 1; a pixel beside another label has the distance 0. By MARGIN: the
    same, of the images whose raw outputs the reference left.
    """

    by_image = ("images",)
    kind: Literal["flips"] = "flips"
    reference: str
    """Slug of the reference variant."""
    classes: tuple[str, ...]
    """The model's."""
    images: tuple[str, ...]
    """Images that were seen; those that the reference didn't reach have no cells."""
    arrays: ArrayFile
