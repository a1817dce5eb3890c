"""Accuracy against the reference variant's, paired over the images that both have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.metrics.catalog.accuracy import difference

if TYPE_CHECKING:
    from bench.metrics.base import Metric, Source


def metrics(source: Source) -> dict[str, Metric]:
    """The headline's `_difference` and `_detectable`, fractions."""
    return difference(source)
