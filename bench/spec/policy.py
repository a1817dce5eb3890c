"""What the gate blocks, and from where on."""

from __future__ import annotations

from bench.spec.base import Spec


class GatePolicy(Spec):
    """Margins of the stored-baseline gate.

    None = that metric informs and never blocks. Only code can say so: TOML has no null, so a suite
    changes a margin and can't switch it off.
    """

    miou_margin: float | None = 0.01
    """A drop whose whole paired interval lies beyond this margin (fraction) is a regression."""
    size_ratio: float | None = 1.02
    """Largest file size, as a ratio to the baseline."""
    memory_ratio: float | None = 1.25
    """Largest peak resident memory, as a ratio to the baseline."""
    latency_ratio: float | None = 1.5
    """Latency blocks only when the whole interval of the ratio lies beyond this."""
    agreement_drop: float | None = 0.02
    """Largest drop of the share of labels equal to the reference's, fraction."""
