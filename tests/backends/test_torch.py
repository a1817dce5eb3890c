"""What torch and torchscript say without torch; tests/e2e/test_torch.py runs them."""

import pytest

from bench.backends.torch import TorchBackend
from bench.backends.torchscript import TorchScriptBackend


@pytest.mark.parametrize(
    ("precision", "device", "said"),
    [
        ("fp32", "cpu", ""),
        ("fp16", "cpu", ""),
        ("bf16", "cuda", ""),
        ("tf32", "cuda", ""),
        ("tf32", "cpu", "NVIDIA GPUs only"),
        ("int8", "cpu", "no int8 form"),
    ],
)
def test_what_eager_torch_supports(precision, device, said):
    reason = TorchBackend().supports(precision, device)
    assert said in reason
    assert bool(reason) == bool(said)


def test_what_torchscript_supports():
    assert TorchScriptBackend().supports("fp32", "cpu") == ""
    assert "fp16" in TorchScriptBackend().supports("fp16", "cpu")
