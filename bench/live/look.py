"""How many pairs a gate still needs: one look, and a second where the first looks bad."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.gate.live import suspicious
from bench.metrics.pairs import log_ratios

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.record.pairs import PairsRecord, ProcessPair


def finish(
    record: PairsRecord,
    wanted: int,
    bound: float,
    measure: Callable[[int], ProcessPair],
    keep: Callable[[PairsRecord], None],
) -> PairsRecord:
    """Record with all its pairs, from wherever an earlier process was stopped.

    Args:
        record: what was measured so far.
        wanted: pairs of one look.
        bound: ratio beyond which a slow-down is suspected, and then looked at again.
        measure: pair number -> pair.
        keep: stores the record; called after every pair.
    """
    while (now := due(record, wanted, bound)) is not None:
        pair = measure(len(record.pairs))
        record = now.model_copy(update={"pairs": (*record.pairs, pair)})
        keep(record)
    return record


def due(record: PairsRecord, wanted: int, bound: float) -> PairsRecord | None:
    """The record, marked as looked at again where that begins now; None where it is whole."""
    count = len(record.pairs)
    if record.first is not None:
        return record if count < record.first + wanted else None
    if count < wanted:
        return record
    if suspicious(log_ratios(record.pairs), bound):
        return record.model_copy(update={"first": count, "confirms": True})
    return None


def left(record: PairsRecord, wanted: int) -> int:
    """Pairs that are still to be measured, as long as nothing looks bad."""
    count = len(record.pairs)
    return max(0, (wanted if record.first is None else record.first + wanted) - count)
