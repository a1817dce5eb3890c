import pytest

from bench.errors import CaseFailed, Unsupported
from bench.exporters.base import ExportStep, Memory
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
    said = r"'onnx' would need about 4\.1 GB of memory, and 3\.0 GB are free"
    small.conv_graph(tmp_path / "conv.onnx")
    model = job.case.model.model_copy(update={"location": str(tmp_path / "conv.onnx")})
    of = job.model_copy(update={"case": job.case.model_copy(update={"model": model})})
    previous = tmp_path / "previous"
    previous.mkdir()
    note = ArtifactNote(model="m", input="x", outputs={}, parameters=90_000_000)
    write_note(previous, note)
    with pytest.raises(Unsupported, match=said):
        artifact._refuse(of, "onnx", Memory(0.5, 10.0), previous)
    artifact._refuse(of, "onnx", Memory(0.5, 6.0), previous)
    artifact._refuse(of, "onnx", None, previous)
    # Before the first step the weights' file tells.
    artifact._refuse(of, "onnx", Memory(0.5, 10.0), None)
    times = 3.1e9 / (tmp_path / "conv.onnx").stat().st_size
    with pytest.raises(Unsupported, match=r"3\.6 GB"):
        artifact._refuse(of, "onnx", Memory(0.5, times), None)


def test_activations_grow_with_the_pixels_of_a_call():
    # NNCF on Swin-L at 512x1024 peaked at 12.5 GB.
    needs = Memory(0.8, 1.7, 12.0)
    assert needs.bytes(862 * 10**6, 512 * 1024) == pytest.approx(12.5e9, rel=0.02)
    assert needs.bytes(862 * 10**6, 2 * 512 * 1024) - needs.bytes(862 * 10**6, 512 * 1024) == (
        pytest.approx(12 * 862e6)
    )


def test_a_refused_step_leaves_nothing_in_the_cache(tmp_path, monkeypatch):
    import bench.exporters.onnx as leaf

    monkeypatch.setattr(leaf.OnnxStep, "memory", Memory(1e6, 1.0))
    of = small.model(small.conv_graph(tmp_path / "conv.onnx"))
    data = small.folder(small.pictures(tmp_path / "pictures"))
    case = small.suite(small.block(of, data)).expand()[0]
    first = ArtifactJob(
        case=case, cache=str(tmp_path), size=small.SIZE, position=0, previous=None, target="a"
    )
    with pytest.raises(Unsupported, match=r"would need about 1000000\.0 GB"):
        artifact.run(first, lambda *words: None)
    assert not list((tmp_path / "artifacts").glob("a*/"))
