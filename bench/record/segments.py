"""Segments of every image: matched, false, and missed."""

from __future__ import annotations

from typing import Literal

from bench.record.base import ImageCounts


class SegmentsMeasurement(ImageCounts):
    """What became of every segment, for PQ.

    Arrays, one entry a segment, uint32: `image`; `class_index`; `outcome` (0 = a matched pair of ground
    truth and prediction, 1 = a false positive, 2 = a false negative); `intersection` and `union`,
    pixels of a matched pair, 0 elsewhere. Segments that count nowhere (crowd, predictions that lie on
    void) are left out.
    """

    kind: Literal["segments"] = "segments"
