"""Segments of every image: matched, false, and missed."""

from __future__ import annotations

from typing import Literal

from bench.record.base import ArrayFile, Record


class SegmentsMeasurement(Record):
    """What became of every segment, for PQ.

    Arrays, one entry a segment, uint32: `image`; `class_index`; `outcome` (0 = a matched pair of ground
    truth and prediction, 1 = a false positive, 2 = a false negative); `intersection` and `union`,
    pixels of a matched pair, 0 elsewhere. Segments that count nowhere (crowd, predictions that lie on
    void) are left out.
    """

    by_image = ("images", "groups", "classified")
    kind: Literal["segments"] = "segments"
    version: int = 1
    classes: tuple[str, ...]
    images: tuple[str, ...]
    """Names of the images that were evaluated, in order."""
    asked: int
    """Images that the protocol asked for; fewer were seen where the time limit ended the pass."""
    groups: tuple[str, ...] = ()
    """Group (city) of every image, which intervals may leave out as a whole; empty = none."""
    classified: tuple[int, ...] = ()
    """Pixels of every image that were predicted as any class, not as void."""
    arrays: ArrayFile
