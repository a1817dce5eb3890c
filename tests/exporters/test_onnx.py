import onnx
import pytest

from bench.errors import WeightsError
from bench.exporters import onnx as step
from bench.exporters.notes import read_note
from tests import small
from tests.exporters.made import adopted, job


def test_the_users_file_is_taken_as_it_is(tmp_path):
    _, out = adopted(tmp_path)
    assert (out / "model.onnx").read_bytes() == (tmp_path / "conv.onnx").read_bytes()
    note = read_note(out)
    assert (note.input, note.outputs) == ("picture", {"scores": "logits"})
    assert note.parameters is None


def test_an_output_of_rank_three_is_labels(tmp_path):
    _, out = adopted(tmp_path, labels=True)
    assert read_note(out).outputs == {"scores": "labels"}


def test_weights_beside_the_file_come_along(tmp_path):
    path = small.conv_graph(tmp_path / "conv.onnx")
    onnx.save(
        onnx.load(path), path, save_as_external_data=True, location="conv.data", size_threshold=0
    )
    out = tmp_path / "out"
    step.OnnxStep().make(job(small.model(path), out))
    assert (out / "conv.data").read_bytes() == (tmp_path / "conv.data").read_bytes()


def test_weights_outside_of_its_folder_are_refused(tmp_path):
    path = small.conv_graph(tmp_path / "in" / "conv.onnx")
    onnx.save(
        onnx.load(path), path, save_as_external_data=True, location="conv.data", size_threshold=0
    )
    raw = onnx.load(path, load_external_data=False)
    for tensor in raw.graph.initializer:
        for entry in tensor.external_data:
            if entry.key == "location":
                entry.value = "../conv.data"
    path.write_bytes(raw.SerializeToString())
    with pytest.raises(WeightsError, match=r"outside its folder: '../conv.data'"):
        step.OnnxStep().make(job(small.model(path), tmp_path / "out"))


@pytest.mark.parametrize("content", [b"", b"torn"])
def test_a_damaged_file_is_named(tmp_path, content):
    path = tmp_path / "conv.onnx"
    path.write_bytes(content)
    with pytest.raises(WeightsError, match=r"conv\.onnx"):
        step.OnnxStep().make(job(small.model(path), tmp_path / "out"))


def test_the_artifact_stays_what_it_was_when_the_users_file_changes(tmp_path):
    path = small.conv_graph(tmp_path / "conv.onnx")
    before = path.read_bytes()
    step.OnnxStep().make(job(small.model(path), tmp_path / "out"))
    with path.open("r+b") as f:
        f.write(b"changed in place")
    assert (tmp_path / "out" / "model.onnx").read_bytes() == before
