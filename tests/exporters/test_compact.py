import numpy as np
import onnx
import onnx_ir as ir
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from bench.exporters.compact import LARGEST, compact
from bench.models.nodes import CLASSES, SCOPES, part_of

PATH = ["", "net", "net.segformer.stages.1", "matmul_4"]
NAMES = [
    "root.Root",
    "transformers.SegformerForSemanticSegmentation",
    "transformers.SegformerStage",
    "aten.matmul.default",
]
ROWS, WIDE = 64, 4 * LARGEST


@pytest.fixture
def exported():
    """Graph as torch's exporter leaves it: a table read twice by one index that is stored twice."""
    rng = np.random.default_rng(0)
    index = rng.integers(0, ROWS, WIDE)
    constants = {
        "table": rng.random((ROWS, 2), np.float32),
        "index": index,
        "again": index.copy(),
        "weight": rng.random((3, 2), np.float32),
    }
    nodes = [
        helper.make_node("Gather", ["table", "index"], ["bias"], "a"),
        helper.make_node("Gather", ["table", "again"], ["more"], "b"),
        helper.make_node("Add", ["bias", "more"], ["sum"], "c"),
        helper.make_node("Add", ["sum", "x"], ["moved"], "d"),
        helper.make_node("Transpose", ["weight"], ["turned"], "e", perm=[1, 0]),
        helper.make_node("MatMul", ["moved", "turned"], ["y"], "f"),
    ]
    for node in nodes:
        told = {
            SCOPES: str(PATH),
            CLASSES: str(NAMES),
            "pkg.torch.onnx.stack_trace": "/home/me" * 50,
        }
        helper.set_model_props(node, told)
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [WIDE, 2])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [WIDE, 3])],
        [numpy_helper.from_array(v, k) for k, v in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)


def test_what_follows_from_smaller_constants_is_not_stored_and_the_answer_stays(exported):
    model = ir.from_proto(exported)
    compact(model)
    made = ir.to_proto(model)
    stored = {tuple(t.dims) for t in made.graph.initializer}
    assert stored == {(ROWS, 2), (WIDE,), (2, 3)}, "the index once, the weight turned"
    assert "/home/me" not in str(made)
    x = {"x": np.random.default_rng(1).random((WIDE, 2), np.float32)}
    (want,), (found,) = (ReferenceEvaluator(m).run(None, x) for m in (exported, made))
    np.testing.assert_allclose(found, want, rtol=1e-6)
    onnx.checker.check_model(made)


def test_a_node_keeps_its_module_as_its_name_and_the_part_of_the_model(exported):
    model = ir.from_proto(exported)
    compact(model)
    nodes = ir.to_proto(model).graph.node
    assert {n.name for n in nodes} >= {
        "net.segformer.stages.1/MatMul_0",
        "net.segformer.stages.1/Add_0",
        "net.segformer.stages.1/Add_1",
    }
    assert {part_of(n) for n in nodes} == {"backbone.stage2"}
    assert len({n.name for n in nodes}) == len(nodes)


def test_bounds_that_the_optimiser_names_alike_are_all_kept():
    bounds = {"a": 0.0, "b": 0.9, "c": 0.1, "d": 0.8, "e": 0.3, "f": 0.7, "g": 0.4, "h": 0.6}
    pairs = (("one", "a", "b", "c", "d"), ("two", "e", "f", "g", "h"))
    nodes = []
    for name, *ends in pairs:
        nodes.append(helper.make_node("Clip", ["x", *ends[:2]], [f"{name}/inner"]))
        nodes.append(helper.make_node("Clip", [f"{name}/inner", *ends[2:]], [name]))
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [11])],
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, [11]) for n in ("one", "two")],
        [numpy_helper.from_array(np.float32(v), k) for k, v in bounds.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    small = ir.from_proto(model)
    compact(small)
    made = ir.to_proto(small)
    onnx.checker.check_model(made, full_check=True)
    x = {"x": np.linspace(0, 1, 11, dtype=np.float32)}
    want, found = (ReferenceEvaluator(m).run(None, x) for m in (model, made))
    np.testing.assert_array_equal(found, want)
