"""An NVIDIA GPU. Described through the driver's own library, so that asking costs no torch."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable
from functools import cache
from typing import Any

from bench.devices.base import GPU_READINGS
from bench.record.base import Absent
from bench.record.environment import Gpu


@cache
def _driver() -> tuple[Any, str]:
    """CUDA driver library after cuInit, or None with the reason."""
    try:
        lib = ctypes.CDLL("libcuda.so.1")
    except OSError:
        return None, "no NVIDIA driver here (libcuda.so.1 isn't installed)"
    code = lib.cuInit(0)
    if code:
        return None, f"the NVIDIA driver found no usable GPU (cuInit returned {code})"
    return lib, ""


@cache
def _gpus() -> tuple[Gpu, ...]:
    lib, _ = _driver()
    if lib is None:
        return ()
    count, found = ctypes.c_int(), []
    lib.cuDeviceGetCount(ctypes.byref(count))
    for ordinal in range(count.value):
        device = ctypes.c_int()
        lib.cuDeviceGet(ctypes.byref(device), ordinal)
        name = ctypes.create_string_buffer(256)
        lib.cuDeviceGetName(name, 256, device)
        total = ctypes.c_size_t()
        lib.cuDeviceTotalMem_v2(ctypes.byref(total), device)
        parts = []
        for attribute in (75, 76):  # compute capability, major and minor (cuda.h)
            value = ctypes.c_int()
            lib.cuDeviceGetAttribute(ctypes.byref(value), attribute, device)
            parts.append(str(value.value))
        found.append(
            Gpu(
                name=name.value.decode(errors="replace"),
                memory_bytes=total.value,
                driver=_driver_version(),
                capability=".".join(parts),
            )
        )
    return tuple(found)


def _driver_version() -> str:
    """Version of the kernel module, or empty."""
    try:
        with open("/sys/module/nvidia/version", encoding="ascii") as f:  # noqa: PTH123
            return f.read().strip()
    except OSError:
        return ""


class CudaDevice:
    """The first GPU that CUDA_VISIBLE_DEVICES leaves."""

    name = "cuda"

    def available(self) -> str:
        """Empty, or why there is no GPU."""
        _, reason = _driver()
        return reason or ("" if _gpus() else "the NVIDIA driver sees no GPU")

    def gpus(self) -> tuple[Gpu, ...]:
        """GPUs that the driver shows to this process."""
        return _gpus()

    def synchronize(self) -> None:
        """Wait for the stream, where torch drives the GPU; ONNX Runtime waits by itself."""
        torch = sys.modules.get("torch")
        if torch is not None and torch.cuda.is_available():
            torch.cuda.synchronize()

    def reset_peak(self) -> None:
        """Reset torch's allocator marks."""
        torch = sys.modules.get("torch")
        if torch is not None and torch.cuda.is_available():
            torch.cuda.reset_peak_memory_stats()

    def memory(self) -> dict[str, int | Absent]:
        """Allocator's marks where torch drives the GPU, and the driver's view by NVML."""
        out: dict[str, int | Absent] = {"gpu_process": _nvml_process()}
        torch = sys.modules.get("torch")
        if torch is not None and torch.cuda.is_available():
            out["gpu_allocated_peak"] = int(torch.cuda.max_memory_allocated())
            out["gpu_reserved_peak"] = int(torch.cuda.max_memory_reserved())
        else:
            why = Absent(reason="this runtime doesn't tell what its allocator holds")
            out["gpu_allocated_peak"] = out["gpu_reserved_peak"] = why
        return out

    def readings(self) -> dict[str, float | Absent]:
        """What NVML tells of this GPU now; a figure that it doesn't know is absent with its words."""
        nvml, handle = _nvml()
        if nvml is None:
            return {k: Absent(reason=handle) for k in GPU_READINGS}
        reads: dict[str, Callable[[], Any]] = {
            "sm_clock_mhz": lambda: nvml.nvmlDeviceGetClockInfo(handle, nvml.NVML_CLOCK_SM),
            "memory_clock_mhz": lambda: nvml.nvmlDeviceGetClockInfo(handle, nvml.NVML_CLOCK_MEM),
            "throttle": lambda: (
                nvml.nvmlDeviceGetCurrentClocksThrottleReasons(handle)
                & ~nvml.nvmlClocksThrottleReasonGpuIdle
            ),
            "temperature_c": lambda: nvml.nvmlDeviceGetTemperature(
                handle, nvml.NVML_TEMPERATURE_GPU
            ),
            "power_w": lambda: nvml.nvmlDeviceGetPowerUsage(handle) / 1e3,
        }
        found: dict[str, float | Absent] = {}
        for kind, read in reads.items():
            try:
                found[kind] = float(read())
            except nvml.NVMLError as e:
                found[kind] = Absent(reason=f"NVML: {e}")
        return found

    def energy_j(self) -> float | Absent:
        """Joules since the driver began, by NVML, which counts millijoules."""
        nvml, handle = _nvml()
        if nvml is None:
            return Absent(reason=handle)
        try:
            return float(nvml.nvmlDeviceGetTotalEnergyConsumption(handle)) / 1e3
        except nvml.NVMLError as e:
            return Absent(reason=f"NVML tells no energy: {e}")


@cache
def _nvml() -> tuple[Any, Any]:
    """NVML and its handle of the first GPU that CUDA shows; None and why not."""
    try:
        import pynvml
    except ImportError:
        return None, "nvidia-ml-py isn't installed (python -m pip install nvidia-ml-py)"
    try:
        pynvml.nvmlInit()
        return pynvml, pynvml.nvmlDeviceGetHandleByPciBusId(_pci_bus())
    except pynvml.NVMLError as e:
        return None, f"NVML: {e}"


def _pci_bus() -> bytes:
    """Bus address of CUDA's first GPU: NVML counts all GPUs, CUDA only those that are visible."""
    lib, _ = _driver()
    device, text = ctypes.c_int(), ctypes.create_string_buffer(32)
    if lib is not None:
        lib.cuDeviceGet(ctypes.byref(device), 0)
        lib.cuDeviceGetPCIBusId(text, 32, device)
    return text.value


def _nvml_process() -> int | Absent:
    """GPU memory of this process, bytes, by NVML."""
    try:
        import pynvml
    except ImportError:
        return Absent(reason="nvidia-ml-py isn't installed (python -m pip install nvidia-ml-py)")
    try:
        pynvml.nvmlInit()
        total = 0
        for index in range(pynvml.nvmlDeviceGetCount()):
            handle = pynvml.nvmlDeviceGetHandleByIndex(index)
            for process in pynvml.nvmlDeviceGetComputeRunningProcesses(handle):
                if process.pid == os.getpid() and process.usedGpuMemory:
                    total += int(process.usedGpuMemory)
    except pynvml.NVMLError as e:
        return Absent(reason=f"NVML: {e}")
    return total or Absent(reason="NVML doesn't list this process (a container hides its pid)")
