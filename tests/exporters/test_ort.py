"""A quantized graph computes nearly the same, in int8."""

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto

from bench.errors import BadInput, Unsupported
from bench.exporters.notes import int8_weights, read_note
from bench.exporters.ort import OrtDynamicStep, OrtStaticStep
from tests.exporters.made import adopted, job

CONVOLUTIONS = {"operators": ["MatMul", "Gemm", "Conv"]}


def outputs(folder, x):
    session = ort.InferenceSession(str(folder / "model.onnx"), providers=["CPUExecutionProvider"])
    return session.run(None, {"picture": x})[0]


@pytest.fixture
def inputs():
    rng = np.random.default_rng(0)
    return tuple(rng.random((1, 3, 32, 64), np.float32) for _ in range(3))


@pytest.mark.parametrize(
    "options",
    [
        {}, {"method": "entropy"}, {"method": "percentile", "percentile": 99.99},
        {"moving_average": True}, {"per_channel": False},
    ],
)  # fmt: skip
def test_static_int8_is_close_and_holds_int8(tmp_path, inputs, options):
    of, before = adopted(tmp_path)
    out = tmp_path / "static"
    OrtStaticStep().make(job(of, out, before, calibration=inputs, options=options))
    found, want = outputs(out, inputs[0]), outputs(before, inputs[0])
    assert not np.array_equal(found, want)
    assert np.linalg.norm(found - want) < 0.05 * np.linalg.norm(want)
    kinds = {t.data_type for t in onnx.load(out / "model.onnx").graph.initializer}
    assert TensorProto.INT8 in kinds
    assert int8_weights(out / "model.onnx") == 12
    note = read_note(before)
    assert read_note(out) == note.model_copy(
        update={"weight_bytes": note.quantized("", {8: 12}).weight_bytes}
    )
    assert sorted(p.name for p in out.iterdir()) == ["artifact.json", "model.onnx"]


def test_calibration_decides_the_ranges(tmp_path, inputs):
    of, before = adopted(tmp_path)
    ways = {
        "a": (inputs, {}),
        "b": (tuple(10 * x for x in inputs), {}),
        "c": (inputs, {"method": "percentile", "percentile": 90}),
    }
    for name, (images, options) in ways.items():
        OrtStaticStep().make(job(of, tmp_path / name, before, calibration=images, options=options))
    a, b, c = (outputs(tmp_path / name, inputs[0]) for name in ways)
    assert not np.array_equal(a, b)
    assert not np.array_equal(a, c)


def test_a_graph_of_convolutions_is_refused_unless_they_are_named(tmp_path, inputs):
    of, before = adopted(tmp_path)
    with pytest.raises(Unsupported, match=r"0\.0% of the multiply-accumulates int8 .*are Conv"):
        OrtDynamicStep().make(job(of, tmp_path / "none", before))
    OrtDynamicStep().make(job(of, tmp_path / "some", before, options=CONVOLUTIONS))
    nodes = onnx.load(tmp_path / "some" / "model.onnx").graph.node
    assert "ConvInteger" in {n.op_type for n in nodes}
    found, want = outputs(tmp_path / "some", inputs[0]), outputs(before, inputs[0])
    assert 0 < np.linalg.norm(found - want) < 0.05 * np.linalg.norm(want)
    assert int8_weights(tmp_path / "some" / "model.onnx") == 12


def test_an_excluded_convolution_stays_in_floating_point(tmp_path, inputs):
    of, before = adopted(tmp_path, named="/head/scores/Conv_0")
    out = tmp_path / "out"
    options = {"exclude": ["head.scores"]}
    OrtStaticStep().make(job(of, out, before, calibration=inputs, options=options))
    np.testing.assert_array_equal(outputs(out, inputs[0]), outputs(before, inputs[0]))
    with pytest.raises(Unsupported, match=r"0\.0%"):
        OrtDynamicStep().make(
            job(of, tmp_path / "dynamic", before, options={**CONVOLUTIONS, "exclude": ["head"]})
        )
    for wrong, said in (
        (["heads"], "names 'heads', and the graph has no such part"),
        ("head", "no list"),
    ):
        with pytest.raises(BadInput, match=said):
            OrtStaticStep().make(
                job(of, tmp_path / said[:5], before, calibration=inputs, options={"exclude": wrong})
            )


@pytest.mark.parametrize("step", [OrtStaticStep, OrtDynamicStep])
def test_a_quantizer_follows_a_graph(tmp_path, step):
    of, _ = adopted(tmp_path)
    with pytest.raises(BadInput, match="Begin with the step `onnx`"):
        step().make(job(of, tmp_path / "out"))


@pytest.mark.parametrize(
    "options", [{"method": "median"}, {"percentile": "most"}, {"operators": 7}]
)
def test_a_value_that_can_not_be_is_refused(tmp_path, inputs, options):
    of, before = adopted(tmp_path)
    with pytest.raises(BadInput, match=r"can't be\. It takes"):
        OrtStaticStep().make(job(of, tmp_path / "out", before, calibration=inputs, options=options))
