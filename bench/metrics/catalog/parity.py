"""Parity with the reference variant, from the sums in the record."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bench.metrics import parity
from bench.metrics.base import Metric
from bench.metrics.catalog.base import IS_REFERENCE, SEEDED, absent, unmeasured

if TYPE_CHECKING:
    from bench.metrics.base import Source
    from bench.record.parity import OutputSums

NAMES = ("agreement", "map_relative_l2", "map_sqnr_db")


def metrics(source: Source) -> dict[str, Metric]:
    """Name -> number: agreement, and for each output `OUTPUT_relative_l2` and `OUTPUT_sqnr_db`."""
    result = source.result
    found = result.get("parity")
    if found is None or found.absent:
        reason = found.absent if found else unmeasured(result)
        if result.case.is_reference and result.status in {"ok", "wrong"}:
            reason = reason if found else IS_REFERENCE
        return absent(NAMES, reason)
    numbers = absent(NAMES, "the backend gives no such output")
    if not result.case.model.trained:
        numbers["agreement"] = Metric(None, reason=SEEDED)
    else:
        share = parity.agreement(found)
        numbers["agreement"] = Metric(share, reason="" if share is not None else "no labels")
    for output, sums in found.outputs.items():
        numbers.update(_distance(output, sums))
    return numbers


def _distance(output: str, sums: OutputSums) -> dict[str, Metric]:
    bad = parity.non_finite(sums)
    note = f"{bad} values that are NaN or infinite were left out" if bad else ""
    distance, ratio = parity.relative_l2(sums), parity.sqnr_db(sums)
    nothing = "nothing to compare: the reference is zero or absent"
    names = (f"{output}_relative_l2", f"{output}_sqnr_db")
    if distance is None or ratio is None:
        return absent(names, nothing)
    if math.isinf(ratio):
        equal = Metric(None, reason="equal to the last bit: the ratio is infinite")
        return {names[0]: Metric(distance, note=note), names[1]: equal}
    return {names[0]: Metric(distance, note=note), names[1]: Metric(ratio, note=note)}
