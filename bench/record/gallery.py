"""Pictures that the card shows, by content."""

from typing import Literal

from bench.record.base import Record

AGREES, DIFFERS, UNLABELLED = 0, 1, 2
"""Whether a pixel of the prediction is the ground truth's."""


class Panel(Record):
    """One image: files in the run's media/ folder, named by their content."""

    image: str
    input: str
    """JPEG, scaled down to at most 512 pixels wide."""
    truth: str
    """8-bit PNG of class indices, void = 255, at the same scale."""
    prediction: str
    """8-bit PNG of class indices."""
    disagreement: str = ""
    """8-bit PNG at the same scale: AGREES, DIFFERS, or UNLABELLED; empty in records of version 1."""


class GalleryMeasurement(Record):
    """Panels of a case."""

    kind: Literal["gallery"] = "gallery"
    version: int = 2
    """History: 1 = the first; 2 = disagreement."""
    panels: tuple[Panel, ...]
