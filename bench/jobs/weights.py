"""Finding a case's weights and images."""

from __future__ import annotations

from bench.jobs.base import OfCase, Report


class WeightsReport(Report):
    """Digests that complete a case."""

    weights_digest: str
    """Of what determines the weights."""
    dataset_digest: str
    """Of what determines the data set; empty where it isn't there (the step `dataset` says so)."""
    classes: tuple[str, ...]
    """The model's: as asked, or as its weights name them."""


class WeightsJob(OfCase):
    """Find both; the case says where."""
