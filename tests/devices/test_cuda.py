"""Through fakes of pynvml and torch: no machine of the tests has a GPU."""

import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from bench.devices import cuda
from bench.devices.base import GPU_READINGS
from bench.errors import Unsupported
from bench.record.base import Absent
from bench.record.environment import Gpu
from bench.record.memory import KINDS

GIB = 2**30


class Refused(Exception):
    pass


def refuse(*args):
    raise Refused("Not Supported")


def process(pid, used):
    return SimpleNamespace(pid=pid, usedGpuMemory=used)


def nvml(count=1, **more):
    """pynvml as far as it is asked: GPUs of 141 GiB whose handles are their numbers, all busy."""
    known = {
        "NVMLError": Refused, "NVML_CLOCK_SM": 1, "NVML_CLOCK_MEM": 2, "NVML_TEMPERATURE_GPU": 0,
        "nvmlClocksThrottleReasonGpuIdle": 1,
        "nvmlInit": lambda: None,
        "nvmlDeviceGetCount": lambda: count,
        "nvmlDeviceGetHandleByIndex": lambda index: index if 0 <= index < count else refuse(),
        "nvmlDeviceGetHandleByUUID": lambda uuid: 1 if uuid == "GPU-b" else refuse(),
        "nvmlDeviceGetName": lambda gpu: f"NVIDIA H200 {gpu}",
        "nvmlDeviceGetMemoryInfo": lambda gpu: SimpleNamespace(total=(141 - gpu) * GIB),
        "nvmlSystemGetDriverVersion": lambda: "570.1",
        "nvmlDeviceGetCudaComputeCapability": lambda gpu: (9, 0),
        "nvmlDeviceGetClockInfo": lambda gpu, kind: {1: 1980, 2: 2619}[kind],
        "nvmlDeviceGetCurrentClocksThrottleReasons": lambda gpu: 0x5,
        "nvmlDeviceGetTemperature": lambda gpu, sensor: 61,
        "nvmlDeviceGetPowerUsage": lambda gpu: 312_500,
        "nvmlDeviceGetTotalEnergyConsumption": lambda gpu: 2500 + gpu,
        "nvmlDeviceGetComputeRunningProcesses": lambda gpu: [],
    }  # fmt: skip
    return SimpleNamespace(**{**known, **more})


@pytest.fixture
def install(monkeypatch):
    """Installs a pynvml, or none, and gives the device."""

    def put(module, visible=None):
        monkeypatch.setitem(sys.modules, "pynvml", module)
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
        if visible is not None:
            monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
        cuda._nvml.cache_clear()
        return cuda.CudaDevice()

    yield put
    cuda._nvml.cache_clear()


@pytest.mark.parametrize(
    ("module", "reason"),
    [
        (None, "isn't installed (python -m pip install nvidia-ml-py)"),
        (nvml(nvmlInit=refuse), "driver doesn't answer: Not Supported"),
        (nvml(count=0), "shows no GPU"),
    ],
)
def test_without_a_gpu_there_is_a_reason_for_everything(install, monkeypatch, module, reason):
    monkeypatch.setitem(sys.modules, "torch", None)
    device = install(module)
    assert reason in device.available()
    assert (device.gpus(), device.total_bytes()) == ((), 0)
    device.synchronize()
    device.reset_peak()
    assert {k for k in KINDS if k.startswith("gpu")} == set(device.memory())
    assert all(isinstance(v, Absent) and v.reason for v in device.memory().values())
    assert set(device.readings()) == set(GPU_READINGS)
    for absent in (*device.readings().values(), device.energy_j(), device.memory()["gpu_process"]):
        assert reason in absent.reason


def test_a_gpu_is_described_without_torch(install):
    device = install(nvml())
    assert device.available() == ""
    (gpu,) = device.gpus()
    expected = {"name": "NVIDIA H200 0", "memory_bytes": 141 * GIB, "driver": "570.1"}
    assert gpu == Gpu(**expected, capability="9.0")
    assert device.total_bytes() == 141 * GIB
    assert install(nvml(nvmlDeviceGetCudaComputeCapability=refuse)).gpus() == (Gpu(**expected),)


@pytest.mark.parametrize(
    ("visible", "shown"),
    [
        (None, [0, 1, 2]),
        ("2,0", [2, 0]),
        ("GPU-b", [1]),
        ("0,GPU-x,1", [0]),
        (" 1 , 7, 0", [1]),  # CUDA stops at the first that isn't there
        ("-1", []),
        ("", []),
    ],
)
def test_gpus_are_those_that_cuda_shows_in_its_order(install, visible, shown):
    device = install(nvml(count=3), visible)
    assert [g.name for g in device.gpus()] == [f"NVIDIA H200 {n}" for n in shown]
    assert bool(device.available()) is not bool(shown)
    if shown:
        assert device.energy_j() == (2500 + shown[0]) / 1e3
        assert device.total_bytes() == (141 - shown[0]) * GIB


def test_cuda_is_told_to_count_as_nvml_does():
    ask = "import os, bench.devices.cuda; print(os.environ['CUDA_DEVICE_ORDER'])"
    own = {k: v for k, v in os.environ.items() if k != "CUDA_DEVICE_ORDER"}
    for env, told in ((own, "PCI_BUS_ID"), ({**own, "CUDA_DEVICE_ORDER": "X"}, "X")):
        done = subprocess.run([sys.executable, "-c", ask], env=env, capture_output=True, check=True)
        assert done.stdout.decode().strip() == told


def test_the_first_gpu_is_read_without_what_is_no_throttling(install):
    # 0x4 = the power cap holds it back; 0x1 = idle is no reason.
    expected = {"sm_clock_mhz": 1980.0, "memory_clock_mhz": 2619.0, "throttle": 4.0,
                "temperature_c": 61.0, "power_w": 312.5}  # fmt: skip
    found = install(nvml()).readings()
    assert found == expected
    assert set(expected) == set(GPU_READINGS)
    assert all(type(v) is float for v in found.values())


def test_a_reading_that_nvml_refuses_is_absent_with_its_words(install):
    device = install(
        nvml(nvmlDeviceGetPowerUsage=refuse, nvmlDeviceGetTotalEnergyConsumption=refuse)
    )
    assert device.readings()["power_w"] == Absent(reason="NVML: Not Supported")
    assert device.readings()["temperature_c"] == 61.0
    assert device.energy_j() == Absent(reason="NVML: Not Supported")


def test_nvml_counts_this_process_only(install):
    mine, other = process(os.getpid(), 11), process(1, 99)
    device = install(nvml(nvmlDeviceGetComputeRunningProcesses=lambda gpu: [other, mine]))
    assert device.memory()["gpu_process"] == 11
    device = install(nvml(nvmlDeviceGetComputeRunningProcesses=lambda gpu: [other]))
    assert "doesn't list this process" in device.memory()["gpu_process"].reason
    device = install(nvml(nvmlDeviceGetComputeRunningProcesses=refuse))
    assert device.memory()["gpu_process"].reason == "NVML: Not Supported"


@pytest.fixture
def torch(monkeypatch):
    """A torch that drives a GPU, and what it was told."""
    said = []
    fake = SimpleNamespace(
        said=said,
        __version__="9.0+cu",
        device=lambda name: f"device {name}",
        backends=SimpleNamespace(
            cuda=SimpleNamespace(matmul=SimpleNamespace(allow_tf32=False)),
            cudnn=SimpleNamespace(allow_tf32=True),
        ),
        cuda=SimpleNamespace(
            is_available=lambda: True,
            synchronize=lambda: said.append("synchronize"),
            reset_peak_memory_stats=lambda: said.append("reset"),
            max_memory_allocated=lambda: 5,
            max_memory_reserved=lambda: 7,
        ),
    )
    monkeypatch.setitem(sys.modules, "torch", fake)
    return fake


def test_torch_tells_what_its_allocator_held(install, torch):
    device = install(None)
    device.synchronize()
    device.reset_peak()
    found = device.memory()
    assert torch.said == ["synchronize", "reset"]
    assert (found["gpu_allocated_peak"], found["gpu_reserved_peak"]) == (5, 7)


def test_kernels_are_timed_by_events_where_torch_drives_the_gpu(install, torch):
    class Event:
        def __init__(self, enable_timing):
            assert enable_timing

        def record(self):
            torch.said.append("record")

        def elapsed_time(self, last):
            assert last is not self
            return 1.25  # milliseconds

    torch.cuda.Event = Event
    device = install(None)
    assert device.between_ns(device.mark(), device.mark()) == 1_250_000
    assert torch.said == ["record", "record"]
    torch.cuda.is_available = lambda: False
    assert device.mark() is None


def test_fp32_means_fp32_and_a_switch_that_was_lost_shows(install, torch):
    device = install(None)
    assert device.multiplied("fp32") == ("tf32", "fp32")
    assert device.torch() == "device cuda"
    assert device.multiplied("fp32") == ("fp32",)
    device.torch(tf32=True)
    assert device.multiplied("fp32") == ("tf32",)
    assert device.multiplied("bf16") == ("bf16",)
    assert device.lacks("tf32") == ""


def test_a_torch_without_cuda_is_refused(install, torch):
    torch.cuda.is_available = lambda: False
    with pytest.raises(Unsupported, match=r"PyTorch \(9.0\+cu\) can't use the GPU"):
        install(None).torch()
