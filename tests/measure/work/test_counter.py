"""By hand on small nets, by an independent counter on whole models."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

from bench.measure.work.counter import _count, count
from bench.models.families.base import LOGITS, QUERIES
from bench.models.micro import mask2former_micro, segformer_micro
from bench.models.named import TransformersOutputs


class Call(nn.Module):
    """A module around a function of the picture, (N, 3, h, w)."""

    def __init__(self, function, **inner):
        super().__init__()
        self.function = function
        for name, module in inner.items():
            self.add_module(name, module)

    def forward(self, x):
        return self.function(self, x)


def whole(function, *, batch=2, size=(8, 12), **inner):
    """MACs, bytes moved and uncounted operators of a function of the picture."""
    found = count(lambda: Call(function, **inner), batch, size)
    parts = found.parts
    return sum(p.macs for p in parts), sum(p.bytes_moved for p in parts), found.uncounted


@pytest.mark.parametrize(
    ("conv", "macs"),
    [
        # outputs (N, out, h', w') x channels of a group x kernel
        (nn.Conv2d(3, 6, 3, padding=1), 2 * 6 * 8 * 12 * 3 * 9),
        (nn.Conv2d(3, 6, 3, stride=2, padding=1, bias=False), 2 * 6 * 4 * 6 * 3 * 9),
        (nn.Conv2d(3, 6, 3, padding=2, dilation=2, groups=3), 2 * 6 * 8 * 12 * 1 * 9),
        # a transposed one: inputs (N, 3, h, w) x outputs of a group x kernel
        (nn.ConvTranspose2d(3, 6, 2, stride=2), 2 * 3 * 8 * 12 * 6 * 4),
        (nn.ConvTranspose2d(3, 6, 4, stride=2, groups=3), 2 * 3 * 8 * 12 * 2 * 16),
    ],
)
def test_convolutions(conv, macs):
    assert whole(lambda m, x: m.conv(x), conv=conv)[::2] == (macs, {})


def test_a_convolutions_bytes_are_input_weights_bias_and_output():
    conv = nn.Conv2d(3, 6, 3, padding=1)
    _, moved, _ = whole(lambda m, x: m.conv(x), conv=conv)
    assert moved == 4 * (2 * 3 * 96 + 6 * 3 * 9 + 6 + 2 * 6 * 96)


def test_products():
    def linear(m, x):
        return m.linear(x)

    rows, depth = 2 * 3 * 8, 12
    assert whole(linear, linear=nn.Linear(depth, 5))[0] == rows * depth * 5
    assert whole(linear, linear=nn.Linear(depth, 5, bias=False))[0] == rows * depth * 5
    assert whole(lambda _, x: x @ x.transpose(-1, -2))[0] == 2 * 3 * 8 * 12 * 8
    equation = "nchw,nkhw->nck"
    assert whole(lambda _, x: torch.einsum(equation, x, x))[0] == 2 * 3 * 3 * 8 * 12


@pytest.mark.parametrize(
    ("product", "macs"),
    [
        (lambda a: a @ a[0], 8 * 12),
        (lambda a: a[0] @ a[1], 12),
        (lambda a: torch.vdot(a[0], a[1]), 12),
        (lambda a: torch.addmv(a[:, 0], a, a[0]), 8 * 12),
        (lambda a: torch.addmm(a[:, :8], a, a.T), 8 * 12 * 8),
        (lambda a: a.new_zeros(8, 8).addmm_(a, a.T), 8 * 12 * 8),
        (lambda a: torch.mm(a, a.T, out=a.new_empty(8, 8)), 8 * 12 * 8),
        (lambda a: torch.addbmm(a[:, :8], a[None], a.T[None]), 8 * 12 * 8),
        (lambda a: torch.baddbmm(a[None, :, :8], a[None], a.T[None]), 8 * 12 * 8),
        (lambda a: torch._addmm_activation(a[0, :8], a, a.T), 8 * 12 * 8),
    ],
)
def test_products_of_every_shape_and_in_place(product, macs):
    assert whole(lambda _, x: product(x[0, 0]), batch=1)[::2] == (macs, {})


@pytest.mark.parametrize("fused", [True, False])
def test_attention(fused):
    def attend(_, x):
        q = x.flatten(2).transpose(1, 2)[:, None]  # (2, 1, 96, 3)
        k, v = q[:, :, :10], q[:, :, :10, :2]
        if fused:
            return F.scaled_dot_product_attention(q, k, v)
        return (q @ k.transpose(-1, -2)).softmax(-1) @ v

    assert whole(attend)[::2] == (2 * 96 * 10 * (3 + 2), {})


def test_interpolation_costs_its_taps():
    def sample(mode):
        return lambda _, x: F.grid_sample(x, x.new_zeros(2, 5, 7, 2), mode, align_corners=False)

    outputs = 2 * 3 * 5 * 7
    assert whole(sample("bilinear"))[0] == 4 * outputs
    assert whole(sample("nearest"))[0] == 0
    assert whole(sample("bicubic"))[0] == 16 * outputs
    resized = whole(lambda _, x: F.interpolate(x, (16, 24), mode="bilinear"))
    assert resized[0] == 4 * 2 * 3 * 16 * 24
    assert whole(lambda _, x: F.interpolate(x, (16, 24), mode="nearest"))[::2] == (0, {})


def test_a_product_that_is_summed_is_a_contraction_and_a_mere_product_is_none():
    assert whole(lambda _, x: (x * x[:, :1]).sum(-1))[0] == 2 * 3 * 8 * 12
    assert whole(lambda _, x: x * x[:, :1])[0] == 0
    assert whole(lambda _, x: ((x * x[:, :1]) + 1).sum(-1))[0] == 0
    assert whole(lambda _, x: (x * 2).sum(-1))[0] == 0


def test_activations_and_norms_move_bytes_and_are_no_macs():
    def quiet(m, x):
        return m.norm(F.gelu(x.softmax(1)).relu_())

    macs, moved, uncounted = whole(quiet, norm=nn.LayerNorm(12))
    assert (macs, uncounted) == (0, {})
    assert moved > 4 * 2 * 4 * 576  # four operators, one input and one output each


def test_views_move_nothing_and_an_expanded_tensor_only_what_it_holds():
    _, moved, _ = whole(
        lambda _, x: x.transpose(1, 2)[:, 2:].unsqueeze(0).expand(5, -1, -1, -1, -1)
    )
    assert moved == 0
    _, moved, _ = whole(lambda _, x: x[:1, :1, :1, :1].expand(1, 1, 8, 12) + 1)
    assert moved == 4 * (1 + 96)


def test_what_has_no_rule_is_named():
    _, _, uncounted = whole(lambda _, x: torch.fft.rfft2(x).abs())
    assert list(uncounted) == ["_fft_r2c"]


def test_a_shared_tensor_counts_once_and_each_call_of_its_module_counts():
    linear = nn.Linear(12, 12)
    found = count(lambda: Call(lambda m, x: m.b(m.a(x)), a=linear, b=linear), 1, (8, 12))
    (part,) = (p for p in found.parts if p.parameters)
    assert part.parameters == 12 * 12 + 12
    assert part.bytes_by_dtype == {"float32": 4 * 156}
    assert sum(p.macs for p in found.parts) == 2 * 24 * 144


def test_an_operator_belongs_to_the_innermost_part_even_after_an_error():
    def careful(m, x):
        try:
            m.broken(x)
        except ValueError:
            x = x @ x.transpose(-1, -2)
        return m.head(x)

    def fail(_, x):
        raise ValueError

    inner = {"broken": Call(fail, a=nn.ReLU(), b=nn.ReLU()), "head": nn.Linear(8, 2)}
    found = count(lambda: Call(careful, **inner), 1, (8, 12))
    assert {p.name: p.macs for p in found.parts} == {"head": 24 * 8 * 2, "other": 24 * 12 * 8}


def test_a_module_whose_course_depends_on_values_is_run_for_real():
    def choose(m, x):
        return m.linear(x) if float(x.sum()) == 0 else x

    found = count(lambda: Call(choose, linear=nn.Linear(12, 2), rest=nn.ReLU()), 2, (8, 12))
    assert {p.name: p.macs for p in found.parts}["linear"] == 48 * 12 * 2


@pytest.mark.parametrize("name", ["mask2former", "segformer"])
def test_a_second_counter_agrees_about_products_and_convolutions(name):
    """torch's own counter knows no interpolation and no product that is summed."""
    if name == "mask2former":
        outputs, build = QUERIES, mask2former_micro
    else:
        outputs, build = LOGITS, segformer_micro
    model = TransformersOutputs(build().eval(), outputs)
    found = count(lambda: model, 2, (64, 96))  # to("meta") leaves the model there
    resized = []

    class Spy(torch.overrides.TorchFunctionMode):
        def __torch_function__(self, function, types, args=(), kwargs=None):
            out = function(*args, **(kwargs or {}))
            if function is F.grid_sample or (
                function is F.interpolate and (kwargs or {}).get("mode") == "bilinear"
            ):
                resized.append(4 * out.numel())
            return out

    x = torch.empty(2, 3, 64, 96, device="meta")
    with torch.no_grad(), FlopCounterMode(display=False) as flops:
        model(x)
    with torch.no_grad(), Spy():
        model(x)
    # One layer of deformable attention: 64 channels x positions of the levels x (levels x points).
    positions = sum((64 // s) * (96 // s) for s in (8, 16, 32))
    weighted = 2 * 64 * positions * 3 * 4 if name == "mask2former" else 0
    assert resized
    expected = flops.get_total_flops() // 2 + sum(resized) + weighted
    assert sum(p.macs for p in found.parts) == expected
    assert found.uncounted == {}
    assert sum(p.parameters for p in found.parts) == sum(p.numel() for p in model.parameters())
    names = [p.name for p in found.parts]
    assert [n for n in names if n.startswith("backbone.stage")] == [
        f"backbone.stage{i}" for i in (1, 2, 3, 4)
    ]
    assert "heads" in names


def test_shapes_alone_give_the_count_of_a_real_call():
    model = TransformersOutputs(mask2former_micro().eval(), QUERIES)
    real = _count(model, torch.zeros(1, 3, 64, 64))
    assert count(lambda: model, 1, (64, 64)) == real
