import pytest

from bench.errors import Unsupported, WeightsError
from bench.models.onnx import OnnxLoader
from tests import small


def test_the_file_is_known_by_its_content(tmp_path):
    one = small.model(small.conv_graph(tmp_path / "a.onnx"))
    copy = small.model(small.conv_graph(tmp_path / "b.onnx"))
    other = small.model(small.conv_graph(tmp_path / "c.onnx", small.WEIGHTS * 2))
    digest = OnnxLoader().digest
    assert digest(one) == digest(copy) != digest(other)
    assert OnnxLoader().file_bytes(one) == (tmp_path / "a.onnx").stat().st_size


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(WeightsError, match=r"isn't there: .*gone\.onnx"):
        OnnxLoader().digest(small.model(tmp_path / "gone.onnx"))


def test_there_is_no_torch_module_behind_it():
    with pytest.raises(Unsupported, match="no torch module"):
        OnnxLoader().build(small.model("x.onnx"))
