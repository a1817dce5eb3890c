"""What every device is asked; the defaults are those of a device in the processor's own place."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from bench.record.base import Absent
from bench.record.environment import Gpu

GPU_READINGS = ("sm_clock_mhz", "memory_clock_mhz", "throttle", "temperature_c", "power_w")
"""Kinds of `bench.record.timing.READINGS` that a GPU tells."""
GPU_MEMORY = ("gpu_allocated_peak", "gpu_reserved_peak", "gpu_process")
"""Kinds of `bench.record.memory.KINDS` that a GPU tells."""
_NO_GPU = Absent(reason="the target runs on the processor")


class Device:
    """A device that a backend runs on; a subclass sets what differs from the defaults."""

    name: ClassVar[str]
    runtimes: ClassVar[Mapping[str, str]]
    """Distribution of a runtime -> its own name of the device; one that isn't here can't use it."""
    memory_space: ClassVar[Literal["main", "gpu"]] = "main"
    """Where models lie: in main memory (the process's resident set) or in the device's own."""
    on_cores: ClassVar[bool] = True
    """It computes on the processor's cores, so that a call returns when its work is done."""
    largest_product: ClassVar[int] = 4096
    """Rows of the largest square matrices that its ceiling is measured with."""
    tf32: ClassVar[bool] = False
    """It can compute float32 products in TF32."""
    array_bytes: ClassVar[tuple[int, int]] = (64 * 2**20, 512 * 2**20)
    """Smallest and largest array that its bandwidth is measured with: a share of a server's cache
    of 300 MB is all that a guest may use."""

    def available(self) -> str:
        """Empty, or the reason why this machine has none. Imports no torch."""
        return ""

    def gpus(self) -> tuple[Gpu, ...]:
        """GPUs of this kind, described without torch where possible."""
        return ()

    def total_bytes(self) -> int:
        """Bytes of the memory that models lie in."""
        from bench.devices import machine

        return machine.memory_bytes()

    def lacks(self, precision: str) -> str:
        """Empty, or the reason why nothing computes in a precision here."""
        return "TF32 exists on NVIDIA GPUs only" if precision == "tf32" and not self.tf32 else ""

    def torch(self, *, tf32: bool = False) -> Any:  # noqa: ARG002 - a subclass's
        """The `torch.device`, where float32 products are computed in TF32 if asked, else never.

        Unsupported where this torch can't use it.
        """
        import torch

        return torch.device(self.runtimes["torch"])

    def multiplied(self, stored: str) -> tuple[str, ...]:
        """Precisions in which torch multiplies numbers of the precision `stored` now."""
        return (stored,)

    def synchronize(self) -> None:
        """Wait for all work that was given to the device."""

    def mark(self) -> Any:
        """A moment of the device's own clock, behind all work that it was given; None where it has none."""

    def between_ns(self, first: Any, last: Any) -> int:  # noqa: ARG002 - a subclass's
        """Nanoseconds between two marks that `synchronize` has waited for."""
        return 0

    def reset_peak(self) -> None:
        """Forget the high-water marks of its own memory."""

    def memory(self) -> dict[str, int | Absent]:
        """GPU memory by kind (`GPU_MEMORY`), bytes."""
        return dict.fromkeys(GPU_MEMORY, _NO_GPU)

    def readings(self) -> dict[str, float | Absent]:
        """The GPU's clocks, throttle reasons, temperature and power now (`GPU_READINGS`)."""
        return dict.fromkeys(GPU_READINGS, _NO_GPU)

    def energy_j(self) -> float | Absent:
        """Joules that the GPU has taken since its driver began."""
        return _NO_GPU
