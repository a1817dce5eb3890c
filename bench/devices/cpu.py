"""The processor: nothing to synchronise, memory told by the resident set."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.devices.base import GPU_READINGS
from bench.record.base import Absent

if TYPE_CHECKING:
    from bench.record.environment import Gpu

_NO_GPU = "the target runs on the processor"


class CpuDevice:
    """The processor that this process may use."""

    name = "cpu"

    def available(self) -> str:
        """Empty: there is always one."""
        return ""

    def gpus(self) -> tuple[Gpu, ...]:
        """None."""
        return ()

    def synchronize(self) -> None:
        """Nothing: calls on the processor return when they are done."""

    def reset_peak(self) -> None:
        """Nothing: the resident set's mark is the process's, see `bench.measure.memory`."""

    def memory(self) -> dict[str, int | Absent]:
        """GPU kinds, all absent."""
        kinds = ("gpu_allocated_peak", "gpu_reserved_peak", "gpu_process")
        return {k: Absent(reason=_NO_GPU) for k in kinds}

    def readings(self) -> dict[str, float | Absent]:
        """GPU readings, all absent."""
        return {k: Absent(reason=_NO_GPU) for k in GPU_READINGS}

    def energy_j(self) -> float | Absent:
        """Absent: the processor's counters are RAPL's, see `bench.measure.energy`."""
        return Absent(reason=_NO_GPU)
