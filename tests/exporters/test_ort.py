"""A quantized graph computes nearly the same, in int8."""

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto

from bench.errors import BadInput
from bench.exporters.notes import int8_bytes, read_note
from bench.exporters.ort import OrtDynamicStep, OrtStaticStep
from tests.exporters.made import adopted, job


def outputs(folder, x):
    session = ort.InferenceSession(str(folder / "model.onnx"), providers=["CPUExecutionProvider"])
    return session.run(None, {"picture": x})[0]


@pytest.fixture
def inputs():
    rng = np.random.default_rng(0)
    return tuple(rng.random((1, 3, 32, 64), np.float32) for _ in range(3))


@pytest.mark.parametrize("options", [{}, {"method": "entropy"}, {"per_channel": False}])
def test_static_int8_is_close_and_holds_int8(tmp_path, inputs, options):
    of, before = adopted(tmp_path)
    out = tmp_path / "static"
    OrtStaticStep().make(job(of, out, before, calibration=inputs, options=options))
    found, want = outputs(out, inputs[0]), outputs(before, inputs[0])
    assert not np.array_equal(found, want)
    assert np.linalg.norm(found - want) < 0.05 * np.linalg.norm(want)
    kinds = {t.data_type for t in onnx.load(out / "model.onnx").graph.initializer}
    assert TensorProto.INT8 in kinds
    assert int8_bytes(out / "model.onnx") == 12
    note = read_note(before)
    assert read_note(out) == note.model_copy(
        update={"weight_bytes": note.quantized("", 12).weight_bytes}
    )
    assert sorted(p.name for p in out.iterdir()) == ["artifact.json", "model.onnx"]


def test_calibration_decides_the_ranges(tmp_path, inputs):
    of, before = adopted(tmp_path)
    for name, images in (("a", inputs), ("b", tuple(10 * x for x in inputs))):
        OrtStaticStep().make(job(of, tmp_path / name, before, calibration=images))
    assert not np.array_equal(
        outputs(tmp_path / "a", inputs[0]), outputs(tmp_path / "b", inputs[0])
    )


def test_dynamic_int8_takes_the_operators_that_it_is_told(tmp_path, inputs):
    of, before = adopted(tmp_path)
    OrtDynamicStep().make(job(of, tmp_path / "none", before))
    assert int8_bytes(tmp_path / "none" / "model.onnx") == 0
    np.testing.assert_array_equal(outputs(tmp_path / "none", inputs[0]), outputs(before, inputs[0]))


@pytest.mark.parametrize("step", [OrtStaticStep, OrtDynamicStep])
def test_a_quantizer_follows_a_graph(tmp_path, step):
    of, _ = adopted(tmp_path)
    with pytest.raises(BadInput, match="Begin with the step `onnx`"):
        step().make(job(of, tmp_path / "out"))
