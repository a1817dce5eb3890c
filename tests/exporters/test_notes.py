import pytest

from bench.errors import WeightsError
from bench.exporters.notes import ArtifactNote, read_note, write_note


def test_a_note_comes_back(tmp_path):
    note = ArtifactNote(model="m.onnx", input="x", outputs={"y": "logits"}, parameters=3)
    write_note(tmp_path, note)
    assert read_note(tmp_path) == note


@pytest.mark.parametrize("text", [None, "{", '{"model": 1}'])
def test_a_folder_without_one_holds_no_artifact(tmp_path, text):
    if text is not None:
        (tmp_path / "artifact.json").write_text(text)
    with pytest.raises(WeightsError, match=r"(?s)holds no artifact.*Delete that folder"):
        read_note(tmp_path)
