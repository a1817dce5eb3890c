"""What torch says of itself, on modules of one layer."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from bench.backends.base import OpenJob  # noqa: E402
from bench.backends.torch_session import (  # noqa: E402
    TorchSession,
    contiguous_samples,
    open_module,
)
from bench.devices.cpu import CpuDevice  # noqa: E402
from tests import seeds, small  # noqa: E402

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


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16], ids=str)
def test_samples_of_contiguous_arrays_are_right_in_half_precision(kind):
    drawn = torch.Generator().manual_seed(0)
    # Strides (16, 1, 4096, 64) and alike, as Mask2Former's deformable attention makes at batch 1.
    odd = torch.rand(8, 8, 4, 16, generator=drawn).to(kind).permute(2, 3, 0, 1)
    grid = torch.rand(4, 5, 5, 2, generator=drawn).to(kind) * 2 - 1
    want = torch.nn.functional.grid_sample(odd.float(), grid.float(), align_corners=False)
    with contiguous_samples():
        found = torch.nn.functional.grid_sample(odd, grid, align_corners=False)
    torch.testing.assert_close(found.float(), want, rtol=0.02, atol=0.02)


def test_grid_sample_is_torchs_own_again_whatever_happens():
    own = torch.nn.functional.grid_sample
    with pytest.raises(RuntimeError, match="expected grid"), contiguous_samples():
        torch.nn.functional.grid_sample(torch.zeros(2), torch.zeros(2), align_corners=False)
    assert torch.nn.functional.grid_sample is own


def test_autocast_and_contiguous_samples_hold_while_the_module_runs():
    variant = small.TORCH.model_copy(
        update={"precision": "bf16", "options": {"autocast": True, "contiguous": True}}
    )
    of = seeds.model("tiny", seeds.SEGFORMER)
    session = open_module(
        OpenJob(model=of, variant=variant, device=CPU, threads=1, artifact=None, size=(32, 32))
    )
    own, seen = torch.nn.functional.grid_sample, []
    session.module.register_forward_pre_hook(
        lambda *_: seen.append((
            torch.is_autocast_enabled("cpu"),
            torch.nn.functional.grid_sample is own,
        ))
    )
    out = session.copy_out(session.forward(session.copy_in(np.zeros((1, 3, 32, 32), np.float32))))
    assert seen == [(True, False)]
    assert torch.nn.functional.grid_sample is own
    assert out["logits"].dtype == np.float32
