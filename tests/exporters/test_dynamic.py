"""Open axes are real: other sizes run in the runtimes, and give what the module gives."""

import numpy as np
import pytest
import torch

from bench.errors import BadInput, ExportFailed, UnknownName
from bench.exporters import dynamic
from bench.exporters.notes import read_note
from bench.exporters.onnx import OnnxStep
from bench.exporters.openvino import OpenVinoStep
from bench.exporters.torchscript import TorchScriptStep
from bench.suite.model import Model
from tests.exporters import nets
from tests.exporters.made import job

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # torch.jit is deprecated

AXES = ("batch", "height", "width")
OTHER = (2, 3, 96, 32)


def asked(of, out, **options):
    """Job that exports the user's own module."""
    model = Model(name=of, loader="callable", source="code", location=f"tests.exporters.nets:{of}")
    return job(model, out, allow_code=True, options=options)


def by_onnxruntime(file, x):
    import onnxruntime as ort

    session = ort.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    return session.run(["logits"], {"pixel_values": x})[0]


def by_openvino(file, x):
    import openvino

    hint = {"INFERENCE_PRECISION_HINT": "f32"}
    return openvino.Core().compile_model(str(file), "CPU", hint)({"pixel_values": x})["logits"]


def by_torchscript(file, x):
    return torch.jit.load(file)(torch.from_numpy(x))[0].numpy()


STEPS = {
    "onnx": (OnnxStep, by_onnxruntime),
    "openvino": (OpenVinoStep, by_openvino),
    "torchscript": (TorchScriptStep, by_torchscript),
}


@pytest.mark.parametrize("name", STEPS)
def test_an_artifact_with_open_axes_takes_any_size(tmp_path, name):
    step, run = STEPS[name]
    step().make(asked("plain", tmp_path / "out", dynamic=True))
    note = read_note(tmp_path / "out")
    assert note.dynamic == AXES
    x = np.random.default_rng(0).random(OTHER, np.float32)
    with torch.no_grad():
        want = nets.plain()(torch.from_numpy(x)).numpy()
    found = run(tmp_path / "out" / note.model, x)
    np.testing.assert_allclose(found, want, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", STEPS)
def test_a_model_that_holds_the_size_it_saw_is_refused(tmp_path, name):
    with pytest.raises(ExportFailed) as e:
        STEPS[name][0]().make(asked("frozen", tmp_path / "out", dynamic=["width"]))
    said = {each["name"]: each["message"] for each in e.value.rungs}
    assert said.get("trace", "the trace holds the size").startswith("the trace holds the size")


def test_a_trace_may_be_open_along_the_axes_that_it_does_not_hold(tmp_path):
    TorchScriptStep().make(asked("frozen", tmp_path / "out", dynamic=["height", "batch"]))
    assert read_note(tmp_path / "out").dynamic == ("batch", "height")


def test_an_unknown_axis_is_named(tmp_path):
    with pytest.raises(UnknownName, match="no axis of the input called 'hight'"):
        dynamic.asked(asked("plain", tmp_path / "out", dynamic=["hight"]))


def test_a_graph_that_exists_keeps_its_axes(tmp_path):
    first = tmp_path / "first"
    OnnxStep().make(asked("plain", first))
    assert read_note(first).dynamic == ()
    given = asked("plain", tmp_path / "ir", dynamic=True)
    with pytest.raises(BadInput, match="keeps the axes"):
        OpenVinoStep().make(job(given.model, tmp_path / "b", first, options=given.options))


def test_half_the_bytes_hold_weights_in_float16(tmp_path):
    size = {}
    for word in ("fp32", "fp16"):
        out = tmp_path / word
        OpenVinoStep().make(asked("plain", out, weights=word))
        size[word] = read_note(out).weight_bytes, (out / "model.bin").stat().st_size
    assert size["fp16"][0] * 2 == size["fp32"][0]
    assert size["fp16"][1] < size["fp32"][1]
    with pytest.raises(UnknownName, match="no precision of stored weights called 'fp8'"):
        OpenVinoStep().make(asked("plain", tmp_path / "fp8", weights="fp8"))
