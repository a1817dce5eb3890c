"""The processor: nothing to synchronise, memory told by the resident set."""

from bench.devices.base import Device


class CpuDevice(Device):
    """The processor that this process may use."""

    name = "cpu"
    runtimes = {  # noqa: RUF012
        "torch": "cpu",
        "onnxruntime": "CPUExecutionProvider",
        "openvino": "CPU",
        "MNN": "CPU",
        "ncnn": "CPU",
        "executorch": "cpu",
    }
