"""An NVIDIA GPU. Described by NVML through nvidia-ml-py, so that asking costs no torch."""

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from typing import Any

from bench.devices.base import GPU_MEMORY, Device
from bench.errors import Unsupported
from bench.record.base import Absent
from bench.record.environment import Gpu

# NVML counts GPUs by their bus, CUDA by their speed unless it is told otherwise.
os.environ.setdefault("CUDA_DEVICE_ORDER", "PCI_BUS_ID")


@cache
def _nvml() -> tuple[Any, tuple[Any, ...], str]:
    """NVML, its handles of the GPUs that CUDA shows, and why there is none."""
    try:
        import pynvml
    except ImportError:
        return None, (), "nvidia-ml-py isn't installed (python -m pip install nvidia-ml-py)"
    try:
        pynvml.nvmlInit()
        handles = _visible(pynvml, os.environ.get("CUDA_VISIBLE_DEVICES"))
    except pynvml.NVMLError as e:
        return None, (), f"the NVIDIA driver doesn't answer: {e}"
    return pynvml, handles, "" if handles else "the NVIDIA driver shows no GPU to this process"


def _visible(nvml: Any, asked: str | None) -> tuple[Any, ...]:
    """Handles of the GPUs that CUDA_VISIBLE_DEVICES names (None = all), up to the first unknown one, as in CUDA."""
    every = map(str, range(nvml.nvmlDeviceGetCount()))
    found = []
    with suppress(nvml.NVMLError, ValueError):
        for name in every if asked is None else map(str.strip, asked.split(",")):
            if name.startswith(("GPU-", "MIG-")):
                found.append(nvml.nvmlDeviceGetHandleByUUID(name))
            else:
                found.append(nvml.nvmlDeviceGetHandleByIndex(int(name)))
    return tuple(found)


def _told(read: Callable[[Any, Any], Any]) -> Any:
    """What `read(nvml, handle)` of the first GPU gives, or why it is absent."""
    nvml, handles, reason = _nvml()
    if reason:
        return Absent(reason=reason)
    try:
        return read(nvml, handles[0])
    except nvml.NVMLError as e:
        return Absent(reason=f"NVML: {e}")


_READS: dict[str, Callable[[Any, Any], float]] = {
    "sm_clock_mhz": lambda nvml, gpu: nvml.nvmlDeviceGetClockInfo(gpu, nvml.NVML_CLOCK_SM),
    "memory_clock_mhz": lambda nvml, gpu: nvml.nvmlDeviceGetClockInfo(gpu, nvml.NVML_CLOCK_MEM),
    "throttle": lambda nvml, gpu: (
        nvml.nvmlDeviceGetCurrentClocksThrottleReasons(gpu) & ~nvml.nvmlClocksThrottleReasonGpuIdle
    ),
    "temperature_c": lambda nvml, gpu: nvml.nvmlDeviceGetTemperature(
        gpu, nvml.NVML_TEMPERATURE_GPU
    ),
    "power_w": lambda nvml, gpu: nvml.nvmlDeviceGetPowerUsage(gpu) / 1e3,
}


class CudaDevice(Device):
    """The first GPU that CUDA_VISIBLE_DEVICES leaves."""

    name = "cuda"
    runtimes = {"torch": "cuda", "onnxruntime": "CUDAExecutionProvider"}  # noqa: RUF012
    memory_space = "gpu"
    on_cores = False
    tf32 = True
    largest_product = 16384
    array_bytes = (512 * 2**20, 512 * 2**20)

    def available(self) -> str:
        """Empty, or why there is no GPU."""
        return _nvml()[2]

    def gpus(self) -> tuple[Gpu, ...]:
        """GPUs that CUDA shows to this process."""
        nvml, handles, _ = _nvml()
        return tuple(_described(nvml, gpu) for gpu in handles)

    def total_bytes(self) -> int:
        """Memory of the first GPU."""
        return next((gpu.memory_bytes for gpu in self.gpus()), 0)

    def torch(self, *, tf32: bool = False) -> Any:
        """The current GPU; fp32 means fp32, since TF32 is a precision of its own here."""
        import torch

        if not torch.cuda.is_available():
            raise Unsupported(
                f"This PyTorch ({torch.__version__}) can't use the GPU.",
                "Install a CUDA build of torch.",
            )
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = tf32
        return super().torch()

    def multiplied(self, stored: str) -> tuple[str, ...]:
        """The precision itself, or TF32 by torch's two switches; both where one was lost."""
        import torch

        switches = {torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32}
        if stored != "fp32" or True not in switches:
            return (stored,)
        return ("tf32",) if switches == {True} else ("tf32", "fp32")

    def synchronize(self) -> None:
        """Wait for the stream, where torch drives the GPU; ONNX Runtime waits by itself."""
        if torch := _driving():
            torch.cuda.synchronize()

    def mark(self) -> Any:
        """An event on torch's present stream; None where torch doesn't drive the GPU."""
        if torch := _driving():
            event = torch.cuda.Event(enable_timing=True)
            event.record()
            return event
        return None

    def between_ns(self, first: Any, last: Any) -> int:
        """Nanoseconds between two events; CUDA tells half a microsecond at best."""
        return round(float(first.elapsed_time(last)) * 1e6)

    def reset_peak(self) -> None:
        """Reset torch's allocator marks."""
        if torch := _driving():
            torch.cuda.reset_peak_memory_stats()

    def memory(self) -> dict[str, int | Absent]:
        """Allocator's marks where torch drives the GPU, and the driver's view by NVML."""
        untold = Absent(reason="this runtime doesn't tell what its allocator holds")
        out: dict[str, int | Absent] = dict.fromkeys(GPU_MEMORY, untold)
        if torch := _driving():
            out["gpu_allocated_peak"] = int(torch.cuda.max_memory_allocated())
            out["gpu_reserved_peak"] = int(torch.cuda.max_memory_reserved())
        return out | {"gpu_process": _told(_held)}

    def readings(self) -> dict[str, float | Absent]:
        """What NVML tells of this GPU now; a figure that it doesn't know is absent with its words."""
        found = {kind: _told(read) for kind, read in _READS.items()}
        return {k: v if isinstance(v, Absent) else float(v) for k, v in found.items()}

    def energy_j(self) -> float | Absent:
        """Joules since the driver began, by NVML, which counts millijoules."""
        found = _told(lambda nvml, gpu: nvml.nvmlDeviceGetTotalEnergyConsumption(gpu))
        return found if isinstance(found, Absent) else float(found) / 1e3


def _described(nvml: Any, gpu: Any) -> Gpu:
    capability: tuple[int, ...] = ()
    with suppress(nvml.NVMLError):  # a part of a GPU (MIG) doesn't tell it
        capability = nvml.nvmlDeviceGetCudaComputeCapability(gpu)
    return Gpu(
        name=nvml.nvmlDeviceGetName(gpu),
        memory_bytes=nvml.nvmlDeviceGetMemoryInfo(gpu).total,
        driver=nvml.nvmlSystemGetDriverVersion(),
        capability=".".join(map(str, capability)),
    )


def _driving() -> Any:
    """Torch, where this process loaded it and it can use the GPU; else None."""
    torch = sys.modules.get("torch")
    return torch if torch is not None and torch.cuda.is_available() else None


def _held(nvml: Any, gpu: Any) -> int | Absent:
    """GPU memory of this process, bytes, by NVML."""
    running = nvml.nvmlDeviceGetComputeRunningProcesses(gpu)
    total = sum(int(p.usedGpuMemory or 0) for p in running if p.pid == os.getpid())
    return total or Absent(reason="NVML doesn't list this process (a container hides its pid)")
