import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from bench import registry
from bench.backends import onnxruntime
from bench.backends.base import OpenJob
from bench.backends.onnxruntime import OnnxRuntimeBackend
from bench.devices.cpu import CpuDevice
from bench.errors import WeightsError
from bench.exporters.ort import OrtDynamicStep, OrtStaticStep
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
    # The dynamic quantizer takes no convolutions, and this graph has nothing else.
    OrtDynamicStep().make(job(of, tmp_path / "dynamic", before))
    assert opened(of, tmp_path / "dynamic").effective["precision"] == "fp32"


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
    [("fp32", "cpu", True), ("int8", "cpu", True), ("bf16", "cpu", False), ("fp32", "cuda", True)],
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
