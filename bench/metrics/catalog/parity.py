"""How far a variant's outputs lie from the reference variant's, from the sums in the record.

Sums are pooled over images before dividing, so an image weighs by its signal:

    relative L2 = sqrt(sum (y - x)^2 / sum x^2)
    SQNR        = 10 log10(sum x^2 / sum (y - x)^2)   decibels

x = reference, y = variant. Signal-to-quantization-noise ratio as in Bennett, "Spectra of quantized
signals", Bell System Technical Journal 27, 1948; each 6.02 dB is one bit.
"""

import math

from bench.metrics.base import Metric, Source
from bench.metrics.catalog.base import IS_REFERENCE, absent, unmeasured
from bench.metrics.flips import flips
from bench.record.parity import OutputSums, ParityMeasurement

NAMES = ("agreement", "map_relative_l2", "map_sqnr_db", "flips_boundary", "flips_sure")
NEAR, SURE = 4, 0.3
"""Pixels from a boundary below which a flip lies at it; margin from which on the reference is sure."""


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
    if result.case.model.unjudged:
        numbers["agreement"] = Metric(None, reason=result.case.model.unjudged)
    else:
        share = agreement(found)
        numbers["agreement"] = Metric(share, reason="" if share is not None else "no labels")
    for output, sums in found.outputs.items():
        numbers.update(_distance(output, sums))
    numbers.update(_flips(source))
    return numbers


def _flips(source: Source) -> dict[str, Metric]:
    """Where the labels differ from the reference's."""
    names = ("flips_boundary", "flips_sure")
    if source.result.get("flips") is None:
        return absent(names, source.result.case.model.unjudged or "not recorded")
    tables = flips(source.run.folder / "cases", source.result.get("flips"))
    shares = (
        tables.distance.share(lambda low: low < NEAR),
        tables.margin.share(lambda low: low >= SURE),
    )
    none = Metric(None, reason="no label differs")
    return {n: none if s is None else Metric(s) for n, s in zip(names, shares, strict=True)}


def _distance(output: str, sums: OutputSums) -> dict[str, Metric]:
    bad = sum(sums.non_finite)
    note = f"{bad} values that are NaN or infinite were left out" if bad else ""
    distance, ratio = relative_l2(sums), sqnr_db(sums)
    names = (f"{output}_relative_l2", f"{output}_sqnr_db")
    if distance is None or ratio is None:
        return absent(names, "nothing to compare: the reference is zero or absent")
    equal = Metric(None, reason="equal to the last bit: the ratio is infinite")
    above = equal if math.isinf(ratio) else Metric(ratio, note=note)
    return {names[0]: Metric(distance, note=note), names[1]: above}


def agreement(found: ParityMeasurement) -> float | None:
    """Share of pixels with the reference's label, fraction; None if none was compared."""
    total = sum(found.total)
    return sum(found.equal) / total if total else None


def relative_l2(sums: OutputSums) -> float | None:
    """Relative L2 distance; None if the reference is all zero or nothing was compared."""
    signal = math.fsum(sums.squared_reference)
    return math.sqrt(math.fsum(sums.squared_error) / signal) if signal > 0 else None


def sqnr_db(sums: OutputSums) -> float | None:
    """SQNR, decibels; infinite if the outputs are equal, None as for `relative_l2`."""
    signal, noise = math.fsum(sums.squared_reference), math.fsum(sums.squared_error)
    if signal <= 0:
        return None
    return 10 * math.log10(signal / noise) if noise > 0 else math.inf
