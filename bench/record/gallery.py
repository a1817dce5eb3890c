"""Pictures that the card shows, by content."""

from __future__ import annotations

from typing import Literal

from bench.record.base import Record


class Panel(Record):
    """One image: files in the run's media/ folder, named by their content."""

    image: str
    input: str
    """JPEG, scaled down to at most 512 pixels wide."""
    truth: str
    """8-bit PNG of class indices, void = 255, at the same scale."""
    prediction: str
    """8-bit PNG of class indices."""


class GalleryMeasurement(Record):
    """Panels of a case."""

    kind: Literal["gallery"] = "gallery"
    version: int = 1
    panels: tuple[Panel, ...]
