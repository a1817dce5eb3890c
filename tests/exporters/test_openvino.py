"""Skipped where the extra isn't installed; the session `tests` installs it."""

import warnings

import numpy as np
import pytest

from bench.errors import BadInput, Unsupported
from bench.exporters.notes import read_note
from bench.exporters.openvino import NncfStep, OpenVinoStep
from tests.exporters.made import adopted, job


def test_the_graph_keeps_its_weights_in_float32(tmp_path):
    openvino = pytest.importorskip("openvino")
    of, before = adopted(tmp_path)
    out = tmp_path / "ir"
    OpenVinoStep().make(job(of, out, before))
    assert read_note(out).model == "model.xml"
    model = openvino.Core().read_model(out / "model.xml")
    kinds = {o.get_output_element_type(0).get_type_name() for o in model.get_ops()
             if o.get_type_name() == "Constant" and len(o.get_output_shape(0)) == 4}  # fmt: skip
    assert kinds == {"f32"}
    with pytest.raises(Unsupported, match="begins with the step `onnx`"):
        OpenVinoStep().make(job(of, tmp_path / "none"))
    x = np.ones((1, 3, 32, 64), np.float32)
    assert openvino.compile_model(model, "CPU")([x])[0].shape == (1, 4, 32, 64)


@pytest.mark.parametrize("options", [{}, {"model_type": "plain"}])
def test_an_nncf_graph_is_close_and_holds_int8(tmp_path, options):
    openvino = pytest.importorskip("openvino")
    pytest.importorskip("nncf")
    rng = np.random.default_rng(0)
    images = tuple(rng.random((1, 3, 32, 64), np.float32) for _ in range(3))
    of, before = adopted(tmp_path)
    out = tmp_path / "int8"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the library's own, about its own imports
        NncfStep().make(job(of, out, before, calibration=images, options=options))
    model = openvino.Core().read_model(out / "model.xml")
    kinds = {o.get_output_element_type(0).get_type_name() for o in model.get_ops()
             if o.get_type_name() == "Constant"}  # fmt: skip
    assert "i8" in kinds
    plain = openvino.compile_model(str(before / "model.onnx"), "CPU")([images[0]])[0]
    found = openvino.compile_model(model, "CPU")([images[0]])[0]
    assert not np.array_equal(found, plain)
    assert np.linalg.norm(found - plain) < 0.1 * np.linalg.norm(plain)
    with pytest.raises(BadInput, match="Begin with the step `onnx`"):
        NncfStep().make(job(of, tmp_path / "none"))
