"""What torch and torchscript say without torch; tests/e2e/test_torch.py runs them."""

from types import MappingProxyType

import pytest

from bench import registry
from bench.backends.torch import TorchBackend, TorchScriptBackend
from bench.devices.cpu import CpuDevice


@pytest.mark.parametrize(
    ("precision", "device", "said"),
    [
        ("fp32", "cpu", ""),
        ("fp16", "cpu", ""),
        ("bf16", "cuda", ""),
        ("tf32", "cuda", ""),
        ("tf32", "cpu", "NVIDIA GPUs only"),
        ("int8", "cpu", "no int8 variant"),
    ],
)
def test_what_eager_torch_supports(precision, device, said):
    reason = TorchBackend().supports(precision, registry.load("device", device)())
    assert said in reason
    assert bool(reason) == bool(said)


def test_what_torchscript_supports():
    assert TorchScriptBackend().supports("fp32", CpuDevice()) == ""
    assert "fp16" in TorchScriptBackend().supports("fp16", CpuDevice())


@pytest.mark.parametrize("backend", [TorchBackend, TorchScriptBackend])
def test_a_device_that_torch_does_not_know_is_named(backend):
    class Stick(CpuDevice):
        name = "stick"
        runtimes = MappingProxyType({"openvino": "NPU"})

    assert backend().supports("fp32", Stick()) == "torch isn't wired to stick here"
