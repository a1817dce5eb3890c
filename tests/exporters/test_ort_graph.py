import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from bench.exporters.notes import ArtifactNote, read_note, write_note
from bench.exporters.ort_graph import OrtHalfStep, OrtOptimizedStep
from tests import small
from tests.exporters.made import adopted, job

HALF, WHOLE = TensorProto.FLOAT16, TensorProto.FLOAT


@pytest.fixture
def grown(tmp_path):
    """Artifact whose middle, between `grow` and `shrink`, is beyond float16."""
    rng = np.random.default_rng(0)
    constants = {
        "w": rng.random((4, 3, 1, 1), np.float32),
        "v": rng.random((2, 4, 1, 1), np.float32),
        "much": np.float32(1e6),
        "little": np.float32(1e-6),
    }
    nodes = [
        helper.make_node("Conv", ["picture", "w"], ["a"], "first"),
        helper.make_node("Mul", ["a", "much"], ["b"], "grow"),
        helper.make_node("Mul", ["b", "little"], ["c"], "shrink"),
        helper.make_node("Conv", ["c", "v"], ["scores"], "last"),
    ]
    shape = [1, 3, *small.SIZE]
    graph = helper.make_graph(
        nodes, "g",
        [helper.make_tensor_value_info("picture", WHOLE, shape)],
        [helper.make_tensor_value_info("scores", WHOLE, [1, 2, *small.SIZE])],
        [numpy_helper.from_array(v, k) for k, v in constants.items()],
    )  # fmt: skip
    folder = tmp_path / "onnx"
    folder.mkdir()
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(made, folder / "model.onnx")
    outputs = {"scores": "logits"}
    write_note(
        folder, ArtifactNote(model="model.onnx", input="picture", outputs=outputs, parameters=20)
    )
    return folder


def test_what_leaves_float16_stays_in_float32(tmp_path, grown):
    import onnxruntime as ort

    images = (np.random.default_rng(1).random((1, 3, *small.SIZE), np.float32),)
    of = small.model(tmp_path / "none.onnx")
    OrtHalfStep().make(job(of, tmp_path / "half", grown, calibration=images))
    made = onnx.load(tmp_path / "half" / "model.onnx")
    stored = {t.name: t.data_type for t in made.graph.initializer}
    assert {stored["w"], stored["v"]} == {HALF}
    assert {stored["much"], stored["little"]} == {WHOLE}
    assert {p.name for p in (tmp_path / "half").iterdir()} == {"model.onnx", "artifact.json"}
    assert read_note(tmp_path / "half").weight_bytes == 40
    found = [
        ort.InferenceSession(str(f / "model.onnx"), providers=["CPUExecutionProvider"])
        .run(None, {"picture": images[0]})[0]
        for f in (grown, tmp_path / "half")
    ]  # fmt: skip
    assert found[1].dtype == np.float32
    error = np.linalg.norm(found[1] - found[0]) / np.linalg.norm(found[0])
    assert 0 < error < 2**-9


def test_the_optimised_graph_is_what_the_runtime_runs(tmp_path):
    of, before = adopted(tmp_path)
    OrtOptimizedStep().make(job(of, tmp_path / "out", before))
    kinds = [n.op_type for n in onnx.load(tmp_path / "out" / "model.onnx").graph.node]
    assert "Identity" not in kinds
    assert read_note(tmp_path / "out").outputs == {"scores": "logits"}
