"""The search for sensitive blocks, on a graph of two convolutions of which one bears int8 badly."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from bench.plan.sensitivity import search
from bench.plan.setting import Setting
from bench.suite.variant import Step
from tests import small


def wide_graph(path):
    """Two convolutions in series; one filter of the second is so small that one scale for all loses it."""
    spread = np.array([1.0, 1e-3, 1.0, 1.0], np.float32)
    nodes = [
        helper.make_node("Conv", ["picture", "w1", "b1"], ["mid"], name="/backbone/Conv_0"),
        helper.make_node("Conv", ["mid", "w2"], ["small"], name="/head/Conv_0"),
        helper.make_node("Div", ["small", "spread"], ["scores"], name="/head/Div_0"),
    ]
    constants = [
        numpy_helper.from_array(small.WEIGHTS.reshape(4, 3, 1, 1), "w1"),
        numpy_helper.from_array(small.BIAS, "b1"),
        numpy_helper.from_array(np.diag(spread).reshape(4, 4, 1, 1), "w2"),
        numpy_helper.from_array(spread.reshape(1, 4, 1, 1), "spread"),
    ]
    shapes = ([1, 3, *small.SIZE], [1, 4, *small.SIZE])
    feed, out = (
        helper.make_tensor_value_info(n, TensorProto.FLOAT, s)
        for n, s in zip(("picture", "scores"), shapes, strict=True)
    )
    graph = helper.make_graph(nodes, "wide", [feed], [out], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, path)
    return path


def test_the_block_that_costs_most_is_left_out_and_wins_the_loss_back(tmp_path, cache):
    root = small.pictures(tmp_path / "both", 3, split="train", seed=5)
    data = small.folder(small.pictures(root, split="val"))
    of = small.model(wide_graph(tmp_path / "wide.onnx"))
    steps = (Step(name="onnx"), Step(name="ort-int8-static", options={"per_channel": False}))
    variant = small.INT8.model_copy(update={"steps": steps})
    case = small.suite(small.block(of, data, variant)).expand()[0]
    setting = Setting(run=tmp_path / "run", cache=cache)
    found = search(case, setting, small.Quiet())
    assert {b.name: b.macs for b, _ in found.blocks} == {"backbone": 24576, "head": 32768}
    assert found.whole.difference.value < -0.1
    assert [b.name for b, _ in found.blocks] == ["head", "backbone"]
    (kept,) = found.kept
    assert kept.excluded == ("head",)
    assert found.won_back(kept) > 0.9
