from bench.devices.cpu import CpuDevice
from bench.record.memory import DEFINITIONS


def test_there_is_always_a_processor():
    device = CpuDevice()
    assert device.available() == ""
    assert device.gpus() == ()
    device.synchronize()
    device.reset_peak()
    assert {k for k in DEFINITIONS if k.startswith("gpu")} == set(device.memory())
    assert all(v.reason for v in device.memory().values())
