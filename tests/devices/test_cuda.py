import sys
from types import SimpleNamespace

import pytest

from bench.devices import cuda
from bench.record.base import Absent
from bench.record.memory import DEFINITIONS


class Driver:
    """libcuda.so.1 as far as it is asked: one GPU."""

    def __init__(self, code=0, count=1):
        self.cuInit = lambda flags: code
        self._count = count

    def cuDeviceGetCount(self, to):  # noqa: N802
        to._obj.value = self._count

    def cuDeviceGet(self, to, ordinal):  # noqa: N802
        to._obj.value = ordinal

    def cuDeviceGetName(self, to, size, device):  # noqa: N802
        to.value = b"NVIDIA H200"

    def cuDeviceTotalMem_v2(self, to, device):  # noqa: N802
        to._obj.value = 141 * 2**30

    def cuDeviceGetAttribute(self, to, attribute, device):  # noqa: N802
        to._obj.value = {75: 9, 76: 0}[attribute]


@pytest.fixture
def driver(monkeypatch):
    def install(found):
        def load(name):
            if found is None:
                raise OSError(name)
            return found

        monkeypatch.setattr(cuda.ctypes, "CDLL", load)
        cuda._driver.cache_clear()
        cuda._gpus.cache_clear()
        return cuda.CudaDevice()

    yield install
    cuda._driver.cache_clear()
    cuda._gpus.cache_clear()


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (None, "no NVIDIA driver here"),
        (Driver(code=100), "cuInit returned 100"),
        (Driver(count=0), "sees no GPU"),
    ],
)
def test_without_a_gpu_there_is_a_reason(driver, found, reason):
    device = driver(found)
    assert reason in device.available()
    assert device.gpus() == ()


def test_a_gpu_is_described_without_torch(driver):
    device = driver(Driver())
    assert device.available() == ""
    (gpu,) = device.gpus()
    assert (gpu.name, gpu.memory_bytes, gpu.capability) == ("NVIDIA H200", 141 * 2**30, "9.0")


def test_memory_is_told_or_absent_with_a_reason(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.setitem(sys.modules, "pynvml", None)
    device = cuda.CudaDevice()
    device.synchronize()
    device.reset_peak()
    found = device.memory()
    assert {k for k in DEFINITIONS if k.startswith("gpu")} == set(found)
    assert all(isinstance(v, Absent) and v.reason for v in found.values())
    assert "pip install nvidia-ml-py" in found["gpu_process"].reason


def test_torch_tells_what_its_allocator_held(monkeypatch):
    calls = []
    fake = SimpleNamespace(
        is_available=lambda: True,
        synchronize=lambda: calls.append("synchronize"),
        reset_peak_memory_stats=lambda: calls.append("reset"),
        max_memory_allocated=lambda: 5,
        max_memory_reserved=lambda: 7,
    )
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(cuda=fake))
    device = cuda.CudaDevice()
    device.synchronize()
    device.reset_peak()
    found = device.memory()
    assert calls == ["synchronize", "reset"]
    assert (found["gpu_allocated_peak"], found["gpu_reserved_peak"]) == (5, 7)


def test_nvml_counts_this_process_only(monkeypatch):
    mine = SimpleNamespace(pid=cuda.os.getpid(), usedGpuMemory=11)
    other = SimpleNamespace(pid=1, usedGpuMemory=99)
    fake = SimpleNamespace(
        NVMLError=RuntimeError, nvmlInit=lambda: None, nvmlDeviceGetCount=lambda: 1,
        nvmlDeviceGetHandleByIndex=lambda i: i,
        nvmlDeviceGetComputeRunningProcesses=lambda h: [other, mine],
    )  # fmt: skip
    monkeypatch.setitem(sys.modules, "pynvml", fake)
    assert cuda._nvml_process() == 11
    fake.nvmlDeviceGetComputeRunningProcesses = lambda h: [other]
    assert "doesn't list this process" in cuda._nvml_process().reason

    def broken():
        raise RuntimeError("no driver")

    fake.nvmlInit = broken
    assert cuda._nvml_process().reason == "NVML: no driver"
