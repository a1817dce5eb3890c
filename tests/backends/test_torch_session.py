"""What torch says of itself, on modules of one layer."""

import pytest

torch = pytest.importorskip("torch")

from bench.backends.torch_session import TorchSession  # noqa: E402
from bench.devices.cpu import CpuDevice  # noqa: E402

CPU = CpuDevice()


@pytest.fixture
def linear():
    return torch.nn.Linear(3, 2)


def test_weights_and_input_are_told(linear):
    half = linear.to(torch.bfloat16)
    told = TorchSession(half, ("logits",), CPU, torch.bfloat16).effective
    assert told == {
        "precision": "bf16",
        "input": "bfloat16",
        "weights": "bf16",
        "threads": str(torch.get_num_threads()),
        "device": "cpu",
    }


def test_a_layer_that_was_kept_in_another_precision_shows(linear):
    mixed = torch.nn.Sequential(linear, torch.nn.Linear(2, 2).to(torch.bfloat16))
    told = TorchSession(mixed, ("logits",), CPU, torch.float32).effective
    assert told["precision"] == "bf16, fp32"


def test_autocast_is_asked_and_not_assumed(linear):
    def context():
        return torch.autocast("cpu", torch.bfloat16)

    told = TorchSession(linear, ("logits",), CPU, torch.float32, context).effective
    assert (told["precision"], told["weights"], told["input"]) == ("bf16", "fp32", "float32")


@pytest.mark.filterwarnings("ignore:.*deprecated:DeprecationWarning")
def test_a_frozen_trace_holds_its_weights_as_constants(linear):
    traced = torch.jit.freeze(torch.jit.trace(linear.eval(), torch.zeros(1, 3)))
    assert not list(traced.parameters())
    assert TorchSession(traced, ("logits",), CPU, torch.float32).effective["weights"] == "fp32"
