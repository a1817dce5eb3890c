"""One real artifact of ONNX Runtime with a fixed shape; the model is the user's own file."""

import pytest

from bench.errors import CodeRefused
from bench.plan.examine import examine
from bench.plan.setting import Setting
from bench.suite.model import Model
from tests import small


@pytest.fixture
def case(tmp_path):
    of = small.model(small.conv_graph(tmp_path / "conv.onnx"))
    data = small.folder(small.pictures(tmp_path / "pictures"))
    return small.suite(small.block(of, data)).expand()[0]


def test_a_fixed_graph_refuses_another_batch_and_shape_in_the_runtimes_words(case, tmp_path, cache):
    row = examine(case, Setting(run=tmp_path / "run", cache=cache), small.Quiet())
    found = {c.name: c for c in row.get("checks").checks}
    assert (row.status, row.get("stages")) == ("ok", None)
    assert found["second call"].equal == found["second call"].total > 0
    assert "no module to compare with" in found["second image"].message
    for name in ("second batch", "second shape"):
        assert found[name].outcome == "refused"
        assert "invalid dimensions" in found[name].message
    assert not (tmp_path / "run").exists()


def test_an_export_that_fails_is_a_row_with_its_reason(case, tmp_path, cache):
    (tmp_path / "conv.onnx").write_bytes(b"torn")
    row = examine(case, Setting(run=tmp_path / "run", cache=cache), small.Quiet())
    assert row.status == "failed"
    assert "isn't an ONNX file" in row.reason


def test_code_is_not_run_without_leave(case, tmp_path, cache):
    code = Model(name="mine", loader="callable", source="code", location="mine:build")
    with pytest.raises(CodeRefused):
        examine(
            case.model_copy(update={"model": code}),
            Setting(run=tmp_path, cache=cache),
            small.Quiet(),
        )
