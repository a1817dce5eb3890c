import pytest

from bench.errors import WeightsError
from bench.exporters.notes import ArtifactNote, read_note, write_note


def test_a_note_comes_back(tmp_path):
    note = ArtifactNote(model="m.onnx", input="x", outputs={"y": "logits"}, parameters=3)
    write_note(tmp_path, note)
    assert read_note(tmp_path) == note


@pytest.mark.parametrize(("known", "stored"), [(10, 4 + 4 * 6), (3, 4), (None, None)])
def test_learned_numbers_that_are_not_int8_stay_float32(known, stored):
    note = ArtifactNote(model="m.onnx", input="x", outputs={"y": "logits"}, parameters=known)
    found = note.quantized("int8.onnx", 4)
    assert (found.model, found.parameters, found.weight_bytes) == ("int8.onnx", known, stored)


@pytest.mark.parametrize("text", [None, "{", '{"model": 1}'])
def test_a_folder_without_one_holds_no_artifact(tmp_path, text):
    if text is not None:
        (tmp_path / "artifact.json").write_text(text)
    with pytest.raises(WeightsError, match=r"(?s)holds no artifact.*Delete that folder"):
        read_note(tmp_path)
