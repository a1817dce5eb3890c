from types import MappingProxyType

import torch

from bench.devices import machine
from bench.devices.base import GPU_MEMORY, GPU_READINGS, Device
from bench.devices.cpu import CpuDevice
from bench.record.memory import KINDS
from bench.record.timing import READINGS


def test_there_is_always_a_processor():
    device = CpuDevice()
    assert device.available() == ""
    assert device.gpus() == ()
    assert device.total_bytes() == machine.memory_bytes()
    assert device.torch() == torch.device("cpu")
    device.synchronize()
    device.reset_peak()
    assert {k for k in KINDS if k.startswith("gpu")} == set(device.memory()) == {*GPU_MEMORY}
    assert all(v.reason for v in device.memory().values())


def test_it_multiplies_in_the_precision_that_it_stores():
    device = CpuDevice()
    assert device.multiplied("fp32") == ("fp32",)
    assert device.lacks("fp32") == ""
    assert "NVIDIA" in device.lacks("tf32")


def test_it_has_no_readings_of_a_gpu():
    found = CpuDevice().readings()
    assert set(found) == set(GPU_READINGS) < set(READINGS)
    assert all(v.reason for v in (*found.values(), CpuDevice().energy_j()))


def test_a_device_of_another_package_needs_a_name_and_what_runtimes_call_it():
    class Stick(Device):
        name = "stick"
        runtimes = MappingProxyType({"openvino": "NPU"})

    assert Stick().available() == ""
    assert Stick().memory_space == "main"
    assert "torch" not in Stick().runtimes
