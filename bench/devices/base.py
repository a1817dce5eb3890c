"""What every device offers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from bench.record.base import Absent
    from bench.record.environment import Gpu

GPU_READINGS = ("sm_clock_mhz", "memory_clock_mhz", "throttle", "temperature_c", "power_w")
"""Kinds of `bench.record.timing.READINGS` that a GPU tells."""


class Device(Protocol):
    """A device that a backend runs on."""

    name: str

    def available(self) -> str:
        """Empty, or the reason why this machine has none. Imports no torch."""
        ...

    def gpus(self) -> tuple[Gpu, ...]:
        """GPUs of this kind, described without torch where possible."""
        ...

    def synchronize(self) -> None:
        """Wait for all work that was given to the device."""
        ...

    def reset_peak(self) -> None:
        """Forget the high-water marks."""
        ...

    def memory(self) -> dict[str, int | Absent]:
        """GPU memory by kind (`bench.record.memory.DEFINITIONS`), bytes."""
        ...

    def readings(self) -> dict[str, float | Absent]:
        """The GPU's clocks, throttle reasons, temperature and power now (`GPU_READINGS`)."""
        ...

    def energy_j(self) -> float | Absent:
        """Joules that the GPU has taken since its driver began."""
        ...
