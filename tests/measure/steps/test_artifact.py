import pytest

from bench.errors import CaseFailed, Unsupported
from bench.exporters.base import ExportStep
from bench.exporters.notes import ArtifactNote, write_note
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
    class Idle(ExportStep):
        needs = ()

        def make(self, job):
            """Nothing."""

    load = artifact.registry.load
    monkeypatch.setattr(
        artifact.registry,
        "load",
        lambda kind, name: Idle if kind == "exporter" else load(kind, name),
    )
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


def test_a_step_that_would_not_fit_is_refused_before_it_starts(job, tmp_path, monkeypatch):
    monkeypatch.setattr(artifact.machine, "available", lambda: 3 * 10**9)
    said = "'onnx' would need about 4.1 GB of memory, and 3.0 GB are free"
    small.conv_graph(tmp_path / "conv.onnx")
    of = job.case.model.model_copy(update={"location": str(tmp_path / "conv.onnx")})
    previous = tmp_path / "previous"
    previous.mkdir()
    note = {"model": "m", "input": "x", "outputs": {}}
    write_note(previous, ArtifactNote(**note, parameters=90_000_000))
    with pytest.raises(Unsupported, match=said):
        artifact._refuse(of, "onnx", (0.5, 10.0), previous)
    artifact._refuse(of, "onnx", (0.5, 6.0), previous)
    artifact._refuse(of, "onnx", (0.0, 0.0), previous)
    # Before the first step the weights' file tells; a graph that tells neither is not refused for its size.
    artifact._refuse(of, "onnx", (0.5, 10.0), None)
    with pytest.raises(Unsupported, match=r"3\.6 GB"):
        artifact._refuse(of, "onnx", (0.5, 3.1e9 / (tmp_path / "conv.onnx").stat().st_size), None)


def test_a_refused_step_leaves_nothing_in_the_cache(tmp_path, monkeypatch):
    import bench.exporters.onnx as leaf

    monkeypatch.setattr(leaf.OnnxStep, "memory", (1e6, 1.0))
    of = small.model(small.conv_graph(tmp_path / "conv.onnx"))
    data = small.folder(small.pictures(tmp_path / "pictures"))
    case = small.suite(small.block(of, data)).expand()[0]
    first = ArtifactJob(
        case=case, cache=str(tmp_path), size=small.SIZE, position=0, previous=None, target="a"
    )
    with pytest.raises(Unsupported, match=r"would need about 1000000\.0 GB"):
        artifact.run(first, lambda *words: None)
    assert not list((tmp_path / "artifacts").glob("a*/"))
