"""Skipped where the extra isn't installed; the session `tests` installs it."""

import numpy as np
import pytest

from bench.errors import Unsupported
from bench.exporters.notes import read_note
from bench.exporters.openvino import OpenVinoStep
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
