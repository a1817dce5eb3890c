import sys
from types import SimpleNamespace

import pytest

from bench.devices import cuda
from bench.devices.base import GPU_READINGS
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

    def cuDeviceGetPCIBusId(self, to, size, device):  # noqa: N802
        to.value = b"0000:19:00.0"


@pytest.fixture
def driver(monkeypatch):
    def install(found):
        def load(name):
            if found is None:
                raise OSError(name)
            return found

        monkeypatch.setattr(cuda.ctypes, "CDLL", load)
        cuda._driver.cache_clear()
        forget()
        return cuda.CudaDevice()

    yield install
    forget()


def forget():
    for cached in (cuda._driver, cuda._gpus, cuda._nvml):
        cached.cache_clear()


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


class Refused(Exception):
    pass


def nvml(monkeypatch, **more):
    """NVML with one busy GPU; the bus addresses that it was asked for."""
    asked = []
    clocks = {1: 1980, 2: 2619}
    fake = SimpleNamespace(
        NVMLError=Refused, NVML_CLOCK_SM=1, NVML_CLOCK_MEM=2, NVML_TEMPERATURE_GPU=0,
        nvmlClocksThrottleReasonGpuIdle=1, nvmlInit=lambda: None,
        nvmlDeviceGetHandleByPciBusId=lambda bus: asked.append(bus) or "gpu",
        nvmlDeviceGetClockInfo=lambda handle, kind: clocks[kind],
        nvmlDeviceGetCurrentClocksThrottleReasons=lambda handle: 0x5,
        nvmlDeviceGetTemperature=lambda handle, sensor: 61,
        nvmlDeviceGetPowerUsage=lambda handle: 312_500,
        nvmlDeviceGetTotalEnergyConsumption=lambda handle: 2500,
    )  # fmt: skip
    for name, value in more.items():
        setattr(fake, name, value)
    monkeypatch.setitem(sys.modules, "pynvml", fake)
    return asked


def test_the_gpu_that_cuda_shows_is_read(driver, monkeypatch):
    device = driver(Driver())
    asked = nvml(monkeypatch)
    # 0x4 = the power cap holds it back; 0x1 = idle is no reason.
    expected = {"sm_clock_mhz": 1980.0, "memory_clock_mhz": 2619.0, "throttle": 4.0,
                "temperature_c": 61.0, "power_w": 312.5}  # fmt: skip
    assert device.readings() == device.readings() == expected
    assert set(expected) == set(GPU_READINGS)
    assert asked == [b"0000:19:00.0"]  # found once, then kept


def test_a_reading_that_nvml_refuses_is_absent_with_its_words(driver, monkeypatch):
    def refuse(handle):
        raise Refused("Not Supported")

    device = driver(Driver())
    nvml(monkeypatch, nvmlDeviceGetPowerUsage=refuse)
    found = device.readings()
    assert found["power_w"] == Absent(reason="NVML: Not Supported")
    assert device.energy_j() == 2.5
    sys.modules["pynvml"].nvmlDeviceGetTotalEnergyConsumption = refuse
    assert device.energy_j() == Absent(reason="NVML tells no energy: Not Supported")
    assert found["temperature_c"] == 61.0


def test_without_nvml_no_reading(driver, monkeypatch):
    def broken():
        raise Refused("Driver Not Loaded")

    device = driver(Driver())
    nvml(monkeypatch, nvmlInit=broken)
    assert {v.reason for v in device.readings().values()} == {"NVML: Driver Not Loaded"}
    monkeypatch.setitem(sys.modules, "pynvml", None)
    forget()
    found = device.readings()
    assert set(found) == set(GPU_READINGS)
    assert all("pip install nvidia-ml-py" in v.reason for v in found.values())
    assert "pip install nvidia-ml-py" in device.energy_j().reason
