"""An NVIDIA GPU. Described through the driver's own library, so that asking costs no torch."""

from __future__ import annotations

import ctypes
import os
import sys
from functools import cache
from typing import Any

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
