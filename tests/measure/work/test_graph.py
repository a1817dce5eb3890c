import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from bench.measure.work.graph import count
from bench.models.nodes import CLASSES, SCOPES, part_of
from tests import small

FLOAT = TensorProto.FLOAT


def graph(path, nodes, constants=(), out=("y", None)):
    """ONNX file with the picture `x`, (N, 3, h, w) of unknown size."""
    shape = [None] * len(out[1]) if out[1] else None
    made = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", FLOAT, ["n", 3, "h", "w"])],
        [helper.make_tensor_value_info(out[0], FLOAT, shape)],
        [numpy_helper.from_array(np.asarray(v), n) for n, v in constants],
    )
    sets = [helper.make_opsetid("", 20), helper.make_opsetid("com.microsoft", 1)]
    onnx.save(helper.make_model(made, opset_imports=sets), path)
    return path


def macs(path, batch=2, size=(8, 12)):
    found = count(path, batch, size)
    assert (found.absent, found.uncounted) == ("", {})
    return sum(p.macs for p in found.parts)


def test_a_users_file_is_counted_whole(tmp_path):
    found = count(small.conv_graph(tmp_path / "conv.onnx"), 1, small.SIZE)
    (part,) = found.parts
    assert part.name == "other"
    assert part.macs == 4 * 32 * 64 * 3
    assert part.parameters == 4 * 3 + 4
    # The convolution: picture, weights, bias, logits; Identity moves nothing.
    assert part.bytes_moved == 4 * (3 * 2048 + 12 + 4 + 4 * 2048)


W = np.zeros((6, 1, 3, 3), np.float32)


@pytest.mark.parametrize(
    ("node", "constants", "expected"),
    [
        (("Conv", ["x", "w"], {"group": 3, "strides": [2, 2], "pads": [1] * 4}), [("w", W)],
         2 * 6 * 4 * 6 * 9),
        (("ConvTranspose", ["x", "w"], {"strides": [2, 2]}),
         [("w", np.zeros((3, 5, 2, 2), np.float32))], 2 * 3 * 8 * 12 * 5 * 4),
        (("MatMul", ["x", "w"], {}), [("w", np.zeros((12, 5), np.float32))], 2 * 3 * 8 * 12 * 5),
        (("Einsum", ["x", "x"], {"equation": "nchw,nkhw->nck"}), [], 2 * 3 * 3 * 8 * 12),
        (("GridSample", ["x", "g"], {"mode": "linear"}),
         [("g", np.zeros((2, 5, 7, 2), np.float32))], 4 * 2 * 3 * 5 * 7),
        (("Resize", ["x", "", "s"], {"mode": "linear"}),
         [("s", np.array([1, 1, 2, 2], np.float32))], 4 * 2 * 3 * 16 * 24),
        (("Resize", ["x", "", "s"], {"mode": "nearest"}),
         [("s", np.array([1, 1, 2, 2], np.float32))], 0),
        (("Relu", ["x"], {}), [], 0),
    ],
)  # fmt: skip
def test_operators(tmp_path, node, constants, expected):
    kind, inputs, attributes = node
    made = helper.make_node(kind, inputs, ["y"], **attributes)
    assert macs(graph(tmp_path / "m.onnx", [made], constants)) == expected


def test_a_resize_of_unknown_size_has_a_reason_and_its_scales_need_no_shape(tmp_path):
    """The scales are computed within the graph; of the picture's size nothing is left but a guess."""
    shapes = [
        helper.make_node("Shape", ["x"], ["whole"]),
        helper.make_node("NonZero", ["x"], ["many"]),
        helper.make_node("Shape", ["many"], ["sizes"]),
        helper.make_node("ConstantOfShape", ["sizes"], ["odd"]),
    ]
    resize = helper.make_node("Resize", ["odd", "", "s"], ["y"], mode="linear")
    path = graph(tmp_path / "m.onnx", [*shapes, resize], [("s", np.array([2, 2], np.float32))])
    assert "the shapes at Resize" in count(path, 1, (8, 12)).absent


def test_gemm_knows_its_transposed_factor(tmp_path):
    nodes = [
        helper.make_node("Flatten", ["x"], ["f"], axis=2),  # (2 * 3, 96)
        helper.make_node("Gemm", ["f", "w"], ["y"], transA=1),
    ]
    path = graph(tmp_path / "m.onnx", nodes, [("w", np.zeros((6, 5), np.float32))])
    assert macs(path) == 96 * 6 * 5


def test_what_has_no_rule_is_named(tmp_path):
    node = helper.make_node("Attention", ["x", "x", "x"], ["y"], domain="com.microsoft")
    found = count(graph(tmp_path / "m.onnx", [node]), 1, (8, 12))
    assert found.uncounted == {"Attention": 1}


def test_a_shape_that_nobody_knows_is_a_reason(tmp_path):
    nodes = [
        helper.make_node("NonZero", ["x"], ["i"]),
        helper.make_node("Cast", ["i"], ["f"], to=FLOAT),
        helper.make_node("MatMul", ["w", "f"], ["y"], name="late"),
    ]
    path = graph(tmp_path / "m.onnx", nodes, [("w", np.zeros((2, 4), np.float32))])
    assert "MatMul 'late'" in count(path, 1, (8, 12)).absent


def test_a_node_of_torchs_exporter_knows_its_part():
    node = helper.make_node("Conv", ["x", "w"], ["y"])
    assert part_of(node) is None
    scopes = ["", "model", "model.decode_head", "conv"]
    classes = ["a.Named", "t.SegformerForSemanticSegmentation", "t.Head", "aten.conv2d"]
    for key, value in ((SCOPES, scopes), (CLASSES, classes)):
        node.metadata_props.add(key=key, value=repr(value))
    assert part_of(node) == "decoder"
