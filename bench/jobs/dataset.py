"""Making or checking a data set."""

from __future__ import annotations

from bench.jobs.base import OfCase, Report


class DatasetReport(Report):
    """The data set as it was found."""

    digest: str
    """By content, of the images that are evaluated."""
    images: int
    size: tuple[int, int]
    """Height and width of the first image."""
    calibration: dict[str, str]
    """Split -> digest of what determines it; empty where it isn't there (its artifact says so)."""
    set_aside: tuple[str, ...] = ()
    """Names of images of the split that calibrate quantizers and are not evaluated."""
    place: str = ""
    """Digest under which this machine's cache knows the set's folder; empty = it needs none."""


class DatasetJob(OfCase):
    """Make or check the case's set; the case says where."""

    calibration_splits: tuple[str, ...] = ()
    """Splits that quantizers read."""
