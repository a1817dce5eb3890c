import json
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from bench import registry
from bench.backends import onnxruntime, providers
from bench.backends.base import OpenJob
from bench.backends.onnxruntime import OnnxRuntimeBackend
from bench.devices.cpu import CpuDevice
from bench.errors import Unsupported, WeightsError
from bench.exporters.ort import OrtDynamicStep, OrtStaticStep
from bench.exporters.ort_graph import OrtOptimizedStep
from tests import small
from tests.exporters.made import adopted, job


def opened(of, folder, **more):
    fields = {"size": small.SIZE, "threads": 1, "artifact": folder, **more}
    return OnnxRuntimeBackend().open(
        OpenJob(model=of, variant=small.ORT, device=CpuDevice(), **fields)
    )


def test_outputs_are_named_and_right(tmp_path):
    session = opened(*adopted(tmp_path))
    x = np.random.default_rng(0).random((1, 3, *small.SIZE), np.float32)
    out = session.copy_out(session.forward(session.copy_in(x)))
    want = np.einsum("kc,nchw->nkhw", small.WEIGHTS, x) + small.BIAS[:, None, None]
    np.testing.assert_allclose(out["logits"], want, rtol=1e-4, atol=1e-5)
    assert list(out) == ["logits"]
    assert out["logits"].dtype == np.float32
    assert session.effective == {
        "precision": "fp32",
        "input": "float32",
        "threads": "1",
        "provider": "CPUExecutionProvider",
    }
    session.close()


def test_int8_is_read_from_the_graph_that_it_optimised(tmp_path):
    of, before = adopted(tmp_path)
    images = tuple(np.random.default_rng(0).random((2, 1, 3, *small.SIZE), np.float32))
    OrtStaticStep().make(job(of, tmp_path / "static", before, calibration=images))
    assert opened(of, tmp_path / "static").effective["precision"] == "int8"
    # The graph has nothing but convolutions, which the dynamic quantizer takes where they are named.
    asked = job(of, tmp_path / "dynamic", before, options={"operators": ["Conv"]})
    OrtDynamicStep().make(asked)
    assert opened(of, tmp_path / "dynamic").effective["precision"] == "int8"
    assert opened(of, before).effective["precision"] == "fp32"


def test_labels_stay_whole_numbers(tmp_path):
    session = opened(*adopted(tmp_path, labels=True))
    x = np.zeros((1, 3, *small.SIZE), np.float32)
    out = session.copy_out(session.forward(session.copy_in(x)))
    assert set(out) == {"labels"}
    assert out["labels"].dtype.kind == "i"


def test_a_size_that_the_graph_does_not_take(tmp_path):
    of, folder = adopted(tmp_path)
    with pytest.raises(WeightsError, match=r"\[1, 3, 32, 64\]; the case feeds \[1, 3, 64, 64\]"):
        opened(of, folder, size=(64, 64))
    with pytest.raises(WeightsError, match=r"the case feeds \[2, 3, 32, 64\]"):
        opened(of, folder, batch_size=2)


def test_a_damaged_artifact_is_named(tmp_path):
    of, folder = adopted(tmp_path)
    (folder / "model.onnx").unlink()
    (folder / "model.onnx").write_bytes(b"torn")
    with pytest.raises(WeightsError, match=r"model\.onnx can't be opened"):
        opened(of, folder)
    with pytest.raises(WeightsError, match="no recipe"):
        opened(of, None)


@pytest.mark.parametrize(
    ("precision", "device", "fits"),
    [("fp32", "cpu", True), ("int8", "cpu", True), ("tf32", "cpu", False), ("fp32", "cuda", True)],
)
def test_what_it_supports(precision, device, fits):
    found = registry.load("device", device)()
    assert (OnnxRuntimeBackend().supports(precision, found) == "") is fits


FLOAT, HALF = TensorProto.FLOAT, TensorProto.FLOAT16


def graph(nodes, kind=FLOAT, weights=np.float32):
    w = numpy_helper.from_array(np.ones((4, 4), weights), "w")
    shape = [1, 4]
    return helper.make_graph(
        nodes, "g",
        [helper.make_tensor_value_info("x", kind, shape)],
        [helper.make_tensor_value_info("y", kind, shape)],
        [w],
    )  # fmt: skip


def node(kind, inputs, output, **more):
    return helper.make_node(kind, inputs, [output], **more)


@pytest.mark.parametrize(
    ("made", "want"),
    [
        (graph([node("MatMul", ["x", "w"], "y")]), {"fp32"}),
        (graph([node("MatMul", ["x", "w"], "y")], HALF, np.float16), {"fp16"}),
        # Between nodes nothing names a type: Relu hands its input's on.
        (graph([node("Relu", ["x"], "a"), node("MatMul", ["a", "a"], "y")], HALF), {"fp16"}),
        # ONNX Runtime's own way where it has no fp16 kernel.
        (
            graph([node("Cast", ["x"], "a", to=FLOAT), node("MatMul", ["a", "b"], "y")], HALF),
            {"fp32"},
        ),
        (
            graph([node("QLinearConv", ["x"], "a"), node("FusedGemm", ["x", "w"], "y")]),
            {"fp32", "int8"},
        ),
        (graph([node("MatMulIntegerToFloat", ["x"], "y")]), {"int8"}),
        (graph([node("Relu", ["x"], "y")]), set()),
    ],
)
def test_products_are_told_apart_by_what_they_multiply(made, want):
    assert onnxruntime.of_graph(made) == want


def test_a_large_file_is_not_written_out_again(tmp_path, monkeypatch):
    (tmp_path / "model.onnx").write_bytes(b"12345")
    monkeypatch.setattr(onnxruntime, "LARGEST", 4)
    assert onnxruntime.executed(tmp_path / "model.onnx", None, lambda options: None) == ""


def test_a_second_look_that_fails_costs_nothing(tmp_path):
    class Options:
        optimized_model_filepath = ""

    def fails(options):
        raise RuntimeError("no room")

    (tmp_path / "model.onnx").write_bytes(b"1")
    assert onnxruntime.executed(tmp_path / "model.onnx", Options(), fails) == ""


class FakeRuntime:
    """Module `onnxruntime` with other providers, which notes how a session is opened."""

    __version__ = "9.9"

    class GraphOptimizationLevel:
        ORT_ENABLE_ALL, ORT_ENABLE_BASIC = "all", "basic"

    class SessionOptions:
        intra_op_num_threads = 0

    def __init__(self, *there, falls_back=False):
        self.there, self.falls_back, self.asked = there, falls_back, None

    def get_available_providers(self):
        return list(self.there)

    def InferenceSession(self, path, options, providers):  # noqa: N802 - its name
        self.asked = providers[0], options.graph_optimization_level
        return self

    def get_providers(self):
        return ["CPUExecutionProvider"] if self.falls_back else [self.asked[0][0]]

    def get_inputs(self):
        return [SimpleNamespace(name="picture", shape=["batch", 3, *small.SIZE])]


def by(precision="fp32", **options):
    return small.ORT.model_copy(update={"precision": precision, "options": options})


def faked(monkeypatch, fake, variant, device, folder, of):
    monkeypatch.setitem(sys.modules, "onnxruntime", fake)
    return OnnxRuntimeBackend().open(
        OpenJob(
            model=of, variant=variant, device=device, size=small.SIZE, threads=3, artifact=folder
        )
    )


@pytest.mark.parametrize(
    ("provider", "precision", "told"),
    [
        ("CUDAExecutionProvider", "fp32", {"use_tf32": "0"}),
        ("CUDAExecutionProvider", "tf32", {"use_tf32": "1"}),
        ("TensorrtExecutionProvider", "bf16",
         {"trt_fp16_enable": "0", "trt_bf16_enable": "1", "trt_int8_enable": "0"}),
        ("OpenVINOExecutionProvider", "bf16", {"device_type": "CPU", "load_config": json.dumps({"CPU": {
            "INFERENCE_PRECISION_HINT": "bf16", "INFERENCE_NUM_THREADS": "3", "NUM_STREAMS": "1",
            "PERFORMANCE_HINT": "LATENCY"}})}),
    ],
)  # fmt: skip
def test_a_provider_is_opened_in_the_precision_asked(
    tmp_path, monkeypatch, provider, precision, told
):
    of, folder = adopted(tmp_path)
    fake = FakeRuntime(provider)
    device = registry.load("device", providers.PROVIDERS[provider].device)()
    variant = by(precision, provider=provider, optimization="basic")
    faked(monkeypatch, fake, variant, device, folder, of)
    assert fake.asked == ((provider, told), "basic")


def test_a_provider_that_is_not_there_or_falls_back_is_told(tmp_path, monkeypatch):
    of, folder = adopted(tmp_path)
    asked = by(provider="OpenVINOExecutionProvider")
    with pytest.raises(Unsupported, match=r"has no OpenVINO.*pip install onnxruntime-openvino"):
        faked(monkeypatch, FakeRuntime("CPUExecutionProvider"), asked, CpuDevice(), folder, of)
    fake = FakeRuntime("OpenVINOExecutionProvider", falls_back=True)
    with pytest.raises(Unsupported, match=r"fell back from OpenVINO.* to CPU"):
        faked(monkeypatch, fake, asked, CpuDevice(), folder, of)


@pytest.mark.parametrize(
    ("variant", "device", "said"),
    [
        (by(), "cpu", ""),
        (by(optimization="disabled"), "cpu", ""),
        (by(optimization="most"), "cpu", "no graph optimisation called 'most'"),
        (by("fp16"), "cpu", "CPUExecutionProvider: it has no fp16 kernels"),
        (by("bf16"), "cpu", "CPUExecutionProvider: it has no bf16 kernels"),
        (by("fp16"), "cuda", ""),
        (by("bf16"), "cuda", "no recipe makes an ONNX file in bf16"),
        (by("bf16", provider="TensorrtExecutionProvider"), "cuda", ""),
        (by(provider="TensorrtExecutionProvider"), "cpu", "runs on cuda, and the target's device is cpu"),
        (by("bf16", provider="OpenVINOExecutionProvider"), "cpu", ""),
        (by(provider="OpenVinoExecutionProvider"), "cpu", "Did you mean 'OpenVINOExecutionProvider'"),
    ],
)  # fmt: skip
def test_what_a_provider_does_not_do_is_refused_before_anything_runs(
    monkeypatch, variant, device, said
):
    monkeypatch.setattr(registry, "version", lambda name: "9.9")
    found = OnnxRuntimeBackend().refuses(variant, registry.load("device", device)())
    assert said in found if said else found == ""


def test_a_distribution_that_is_missing_is_named_with_how_to_swap_it(monkeypatch):
    monkeypatch.setattr(registry, "version", lambda name: "9" if name == "onnxruntime" else None)
    asked = by(provider="OpenVINOExecutionProvider")
    assert OnnxRuntimeBackend().refuses(asked, CpuDevice()) == (
        "onnxruntime-openvino isn't installed: python -m pip uninstall -y onnxruntime "
        "onnxruntime-gpu onnxruntime-openvino && python -m pip install onnxruntime-openvino"
    )


def test_an_optimised_graph_opens_without_optimisation_and_gives_the_same(tmp_path):
    of, before = adopted(tmp_path)
    OrtOptimizedStep().make(job(of, tmp_path / "optimised", before))
    x = np.random.default_rng(0).random((1, 3, *small.SIZE), np.float32)
    found = []
    for folder, level in ((before, "all"), (tmp_path / "optimised", "disabled")):
        job_ = OpenJob(
            model=of, variant=by(optimization=level), device=CpuDevice(), size=small.SIZE,
            threads=1, artifact=folder,
        )  # fmt: skip
        session = OnnxRuntimeBackend().open(job_)
        found.append(session.copy_out(session.forward(x))["logits"])
    np.testing.assert_array_equal(*found)
