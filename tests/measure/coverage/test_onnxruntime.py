"""The profiler's events, and a real session of a graph of one convolution."""

import numpy as np
import pytest

from bench.backends.base import OpenJob
from bench.backends.onnxruntime import OnnxRuntimeBackend
from bench.devices.cpu import CpuDevice
from bench.exporters.ort import OrtDynamicStep, OrtStaticStep
from bench.jobs.measure import CoverageJob
from bench.measure.coverage.base import CALLS, Operator, summed
from bench.measure.coverage.onnxruntime import integers, kernels, operators
from tests import builders, small
from tests.exporters.made import adopted, job

MACS = 4 * 3 * small.SIZE[0] * small.SIZE[1]


def event(name, kind, ts, dur, *inputs):
    shapes = [{i: [1]} for i in inputs]
    args = {"op_name": kind, "input_type_shape": shapes}
    return {"cat": "Node", "name": f"{name}_kernel_time", "ts": ts, "dur": dur, "args": args}


def test_kernels_find_the_nodes_that_they_came_from():
    runs = [{"name": "model_run", "ts": 100 * i, "dur": 90} for i in range(2)]
    events = runs + [
        e
        for t in (5, 105)
        for e in (
            event("a/Conv_0_token_3", "QLinearConv", t, 10, "uint8"),
            event("a/b/MatMul_0/MatMulAddFusion", "Gemm", t + 20, 20, "float"),
            event("a/b/MatMul_0_x", "Transpose", t + 50, 5, "uint8"),
            event("q", "QuantizeLinear", t + 60, 1, "float"),
            event("sum_nchwc", "Conv", t + 70, 2, "float"),
        )
    ]
    found = kernels(
        events,
        {"a/Conv_0": 7, "a/b/MatMul_0": 5, "gone/Conv_1": 2, "c/Conv_2": 3},
        {"sum": "c/Conv_2"},
    )
    assert [(o.kind, o.precision, o.macs, o.time_ns) for o in found] == [
        ("QLinearConv", "int8", 7, (10_000, 10_000)),
        ("Gemm", "fp32", 5, (20_000, 20_000)),
        ("Transpose", "int8", 0, (5_000, 5_000)),
        ("QuantizeLinear", "conversion", 0, (1_000, 1_000)),
        ("Conv", "fp32", 3, (2_000, 2_000)),
        ("folded or fused", "unknown", 2, (0, 0)),
    ]


def test_sums_leave_out_what_does_nothing():
    found = summed([
        Operator("Conv", "fp32", 3, (1, 2)),
        Operator("Conv", "fp32", 4, (3, 4)),
        Operator("Conv", "int8", 1, (9, 9)),
        Operator("Const", "i4", 0, (0, 0)),
    ])
    assert [(o.precision, o.count, o.macs, o.time_ns) for o in found] == [
        ("int8", 1, 1, (9, 9)),
        ("fp32", 2, 7, (4, 6)),
    ]


@pytest.mark.parametrize(
    ("step", "options", "word"),
    [
        (OrtStaticStep, {}, "int8"),
        (OrtStaticStep, {"exclude": ["head"]}, "fp32"),
        (OrtDynamicStep, {"operators": ["Conv"]}, "int8"),
    ],
)
def test_a_real_profile_tells_in_which_precision_the_convolution_runs(
    tmp_path, step, options, word
):
    of, before = adopted(tmp_path, named="/head/Conv_0")
    x = np.random.default_rng(0).random((1, 3, *small.SIZE), np.float32)
    step().make(job(of, tmp_path / "out", before, calibration=(x,), options=options))
    case = builders.case(model=of, variant=small.INT8)
    opens = OpenJob(
        model=of, variant=small.INT8, device=CpuDevice(), size=small.SIZE, threads=1,
        artifact=tmp_path / "out",
    )  # fmt: skip
    session = OnnxRuntimeBackend().open(opens)
    loaded = type("Loaded", (), {"session": session, "device": CpuDevice()})()
    asked = CoverageJob(case=case, size=small.SIZE, threads=1)
    found = operators(asked, loaded, tmp_path / "out" / "model.onnx", x)
    products = {o.precision: o.macs for o in found if o.macs}
    assert products == {word: MACS}
    assert all(len(o.time_ns) == CALLS for o in found)
    assert integers(tmp_path / "out" / "model.onnx") == (
        ({8: 12}, 0) if word == "int8" else ({}, 12)
    )
