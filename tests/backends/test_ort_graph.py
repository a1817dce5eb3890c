import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from bench.backends import ort_graph

FLOAT, HALF = TensorProto.FLOAT, TensorProto.FLOAT16


def graph(nodes, kind=FLOAT, weights=np.float32):
    w = numpy_helper.from_array(np.ones((4, 4), weights), "w")
    shape = [1, 4]
    return helper.make_graph(
        nodes, "g",
        [helper.make_tensor_value_info("x", kind, shape)],
        [helper.make_tensor_value_info("y", kind, shape)],
        [w],
    )  # fmt: skip


def node(kind, inputs, output, **more):
    return helper.make_node(kind, inputs, [output], **more)


@pytest.mark.parametrize(
    ("made", "want"),
    [
        (graph([node("MatMul", ["x", "w"], "y")]), {"fp32"}),
        (graph([node("MatMul", ["x", "w"], "y")], HALF, np.float16), {"fp16"}),
        # Between nodes nothing names a type: Relu hands its input's on.
        (graph([node("Relu", ["x"], "a"), node("MatMul", ["a", "a"], "y")], HALF), {"fp16"}),
        # ONNX Runtime's own way where it has no fp16 kernel.
        (
            graph([node("Cast", ["x"], "a", to=FLOAT), node("MatMul", ["a", "b"], "y")], HALF),
            {"fp32"},
        ),
        (
            graph([node("QLinearConv", ["x"], "a"), node("FusedGemm", ["x", "w"], "y")]),
            {"fp32", "int8"},
        ),
        (graph([node("MatMulIntegerToFloat", ["x"], "y")]), {"int8"}),
        (graph([node("Relu", ["x"], "y")]), set()),
    ],
)
def test_products_are_told_apart_by_what_they_multiply(made, want):
    assert ort_graph.of_graph(made) == want


def test_a_large_file_is_not_written_out_again(tmp_path, monkeypatch):
    (tmp_path / "model.onnx").write_bytes(b"12345")
    monkeypatch.setattr(ort_graph, "LARGEST", 4)
    assert ort_graph.precisions(tmp_path / "model.onnx", None, lambda options: None) == ""


def test_a_second_look_that_fails_costs_nothing(tmp_path):
    class Options:
        optimized_model_filepath = ""

    def fails(options):
        raise RuntimeError("no room")

    (tmp_path / "model.onnx").write_bytes(b"1")
    assert ort_graph.precisions(tmp_path / "model.onnx", Options(), fails) == ""
