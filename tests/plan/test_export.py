import pytest

from bench.backends.onnxruntime import OnnxRuntimeBackend
from bench.errors import BadInput, CaseFailed, CodeRefused
from bench.execute import probe
from bench.exporters.onnx import OnnxStep
from bench.plan.export import export
from bench.plan.setting import Setting
from bench.suite.model import Model
from tests import small


@pytest.fixture
def case(tmp_path):
    of = small.model(small.conv_graph(tmp_path / "conv.onnx"))
    data = small.folder(small.pictures(tmp_path / "pictures"))
    return small.suite(small.block(of, data)).expand()[0]


def test_the_artifact_and_nothing_else(case, tmp_path, cache):
    files = export(case, Setting(run=tmp_path / "out", cache=cache), small.Quiet())
    assert {p.name for p in files} >= {"model.onnx", "artifact.json"}
    assert not (tmp_path / "out" / "logs").exists()


def test_an_artifact_is_made_where_nothing_runs_it(case, tmp_path, cache, monkeypatch):
    monkeypatch.setattr(OnnxRuntimeBackend, "supports", lambda *_: "it runs elsewhere")
    assert probe.skip_reason(case) == "it runs elsewhere"
    assert export(case, Setting(run=tmp_path / "out", cache=cache), small.Quiet())
    monkeypatch.setattr(OnnxStep, "needs", ("onnx", "no-such-thing"))
    assert "install no-such-thing" in probe.export_reason(case)
    monkeypatch.setattr(OnnxStep, "needs", ())
    monkeypatch.setattr(OnnxStep, "lacks", lambda *_: "memory")
    assert probe.export_reason(case) == "memory"


def test_a_failed_step_is_told(case, tmp_path, cache):
    (tmp_path / "conv.onnx").write_bytes(b"torn")
    with pytest.raises(CaseFailed, match=r"conv.onnx isn't an ONNX file"):
        export(case, Setting(run=tmp_path / "out", cache=cache), small.Quiet())
    assert not (tmp_path / "out").exists()


def test_mistakes_are_told_before_work_begins(case, tmp_path, cache):
    watch = small.Quiet()
    setting = Setting(run=tmp_path, cache=cache)
    with pytest.raises(BadInput, match="isn't an empty folder"):
        export(case, setting, watch)
    with pytest.raises(BadInput, match="has no recipe"):
        export(case.model_copy(update={"variant": small.TORCH}), setting, watch)
    code = Model(name="mine", loader="callable", source="code", location="mine:build")
    with pytest.raises(CodeRefused):
        export(case.model_copy(update={"model": code}), setting, watch)
    assert not watch.steps
