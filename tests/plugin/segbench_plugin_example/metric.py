"""A metric from what every case records: IoU weighted by how often a class occurs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bench.metrics.base import Metric

if TYPE_CHECKING:
    from bench.metrics.base import Source

NAME = "frequency_weighted_iou"


def metrics(source: Source) -> dict[str, Metric]:
    """`frequency_weighted_iou`, fraction: each class's IoU by its share of the labelled pixels."""
    found = source.result.get("confusion")
    if found is None:
        return {NAME: Metric(None, reason="not measured")}
    cells = source.run.arrays(found.arrays)
    classes = len(found.classes)
    counts = np.zeros((classes, classes + 1), np.int64)
    seen = cells["truth"] < classes  # void truth counts nowhere
    np.add.at(counts, (cells["truth"][seen], cells["prediction"][seen]), cells["count"][seen])
    labelled = counts.sum(1)
    if not labelled.any():
        return {NAME: Metric(None, reason="no labelled pixel")}
    hit = np.diag(counts)
    union = labelled + counts[:, :classes].sum(0) - hit
    iou = np.divide(hit, union, out=np.zeros(classes), where=union > 0)
    return {NAME: Metric(float((iou * labelled).sum() / labelled.sum()))}
