from bench.devices.base import GPU_READINGS
from bench.devices.cpu import CpuDevice
from bench.record.memory import DEFINITIONS
from bench.record.timing import READINGS


def test_there_is_always_a_processor():
    device = CpuDevice()
    assert device.available() == ""
    assert device.gpus() == ()
    device.synchronize()
    device.reset_peak()
    assert {k for k in DEFINITIONS if k.startswith("gpu")} == set(device.memory())
    assert all(v.reason for v in device.memory().values())


def test_it_has_no_readings_of_a_gpu():
    found = CpuDevice().readings()
    assert set(found) == set(GPU_READINGS) < set(READINGS)
    assert all(v.reason for v in found.values())
