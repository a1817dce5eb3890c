"""How far a variant's outputs lie from the reference variant's, from the sums in the record.

Sums are pooled over images before dividing, so an image weighs by its signal:

    relative L2 = sqrt(sum (y - x)^2 / sum x^2)
    SQNR        = 10 log10(sum x^2 / sum (y - x)^2)   decibels

x = reference, y = variant. Signal-to-quantization-noise ratio as in Bennett, "Spectra of quantized
signals", Bell System Technical Journal 27, 1948; each 6.02 dB is one bit.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bench.record.parity import OutputSums, ParityMeasurement


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


def non_finite(sums: OutputSums) -> int:
    """Values of the variant that are NaN or infinite, all images together."""
    return sum(sums.non_finite)
