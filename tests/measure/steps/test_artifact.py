import pytest

from bench.errors import CaseFailed
from bench.jobs.prepare import ArtifactJob
from bench.measure.steps import artifact
from tests import small


@pytest.fixture
def job(tmp_path):
    """Job of a quantizer on a folder with the splits train and val."""
    small.pictures(tmp_path / "both", 3, split="train", seed=5)
    data = small.folder(small.pictures(tmp_path / "both", split="val"))
    case = small.suite(small.block(small.model("x.onnx"), data, small.INT8)).expand()[0]
    return ArtifactJob(
        case=case, cache=str(tmp_path), size=small.SIZE, position=0, previous=None, target="a"
    )


def test_a_step_that_writes_nothing_has_failed(job, tmp_path, monkeypatch):
    class Idle:
        calibrates = validates = False

        def make(self, job):
            """Nothing."""

    monkeypatch.setattr(artifact.registry, "load", lambda kind, name: Idle)
    with pytest.raises(CaseFailed, match="'onnx' wrote nothing"):
        artifact.run(job, lambda *words: None)
    assert [p.name for p in (tmp_path / "artifacts").iterdir()] == ["a.lock"]


def test_what_was_made_stands_with_all_that_the_record_wants(job, tmp_path):
    small.conv_graph(tmp_path / "conv.onnx")
    model = job.case.model.model_copy(update={"location": str(tmp_path / "conv.onnx")})
    of = job.model_copy(update={"case": job.case.model_copy(update={"model": model})})
    assert of.stands(tmp_path) is None
    made = artifact.run(of, lambda *words: None)
    assert made.name == "onnx"
    assert made.files == ("model.onnx",)
    assert made.file_bytes == (tmp_path / "artifacts" / "a" / "model.onnx").stat().st_size
    assert of.stands(tmp_path) == made
