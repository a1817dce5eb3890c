import numpy as np
import onnx
import pytest

from bench.errors import WeightsError
from bench.exporters.notes import ArtifactNote, read_note, tensor_bytes, write_note
from tests import small


def test_a_note_comes_back(tmp_path):
    note = ArtifactNote(model="m.onnx", input="x", outputs={"y": "logits"}, parameters=3)
    write_note(tmp_path, note)
    assert read_note(tmp_path) == note


@pytest.mark.parametrize(("known", "stored"), [(10, 4 + 4 * 6), (3, 4), (None, None)])
def test_learned_numbers_that_are_not_int8_stay_float32(known, stored):
    note = ArtifactNote(model="m.onnx", input="x", outputs={"y": "logits"}, parameters=known)
    found = note.quantized("int8.onnx", {8: 4})
    assert (found.model, found.parameters, found.weight_bytes) == ("int8.onnx", known, stored)


def test_two_weights_of_four_bits_are_a_byte():
    note = ArtifactNote(model="m.onnx", input="x", outputs={"y": "logits"}, parameters=10)
    assert note.quantized("m.xml", {4: 6, 8: 2}).weight_bytes == 3 + 2 + 4 * 2


@pytest.mark.parametrize("text", [None, "{", '{"model": 1}'])
def test_a_folder_without_one_holds_no_artifact(tmp_path, text):
    if text is not None:
        (tmp_path / "artifact.json").write_text(text)
    with pytest.raises(WeightsError, match=r"(?s)holds no artifact.*Delete that folder"):
        read_note(tmp_path)


def test_tensors_of_a_graph_are_counted_with_those_beside_it(tmp_path):
    path = small.conv_graph(tmp_path / "conv.onnx")
    assert tensor_bytes(path) == small.WEIGHTS.nbytes + small.BIAS.nbytes
    graph = onnx.load(path)
    value = onnx.numpy_helper.from_array(np.zeros((5, 2), np.float16))
    graph.graph.node.append(onnx.helper.make_node("Constant", [], ["unused"], value=value))
    onnx.save(graph, path, save_as_external_data=True, location="conv.data", size_threshold=0)
    assert tensor_bytes(path) == small.WEIGHTS.nbytes + small.BIAS.nbytes + 20
    (tmp_path / "ir.bin").write_bytes(b"1234567")
    assert tensor_bytes(tmp_path / "ir.xml") == 7
    assert tensor_bytes(tmp_path / "model.pt") is None
