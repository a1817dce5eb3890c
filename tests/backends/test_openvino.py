from types import SimpleNamespace

import numpy as np
import pytest

from bench import registry
from bench.backends import openvino
from bench.backends.base import OpenJob
from bench.backends.openvino import OpenVinoBackend, precision
from bench.devices.cpu import CpuDevice
from bench.devices.machine import flags
from bench.errors import BadInput, WeightsError
from bench.exporters.openvino import OpenVinoStep
from bench.plan.results import mismatches
from tests import builders, small
from tests.exporters.made import adopted, job


@pytest.fixture
def artifact(tmp_path):
    pytest.importorskip("openvino")
    of, before = adopted(tmp_path)
    OpenVinoStep().make(job(of, tmp_path / "ir", before))
    return of, tmp_path / "ir"


def opened(of, folder, **options):
    variant = small.OPENVINO.model_copy(update={"options": options})
    return OpenVinoBackend().open(
        OpenJob(
            model=of, variant=variant, device=CpuDevice(), size=small.SIZE, threads=1,
            artifact=folder,
        )
    )  # fmt: skip


def test_outputs_are_named_right_and_not_overwritten_by_the_next_call(artifact):
    session = opened(*artifact)
    rng = np.random.default_rng(0)
    inputs = [rng.random((1, 3, *small.SIZE), np.float32) for _ in range(2)]
    outs = [session.copy_out(session.forward(session.copy_in(x))) for x in inputs]
    for x, out in zip(inputs, outs, strict=True):
        want = np.einsum("kc,nchw->nkhw", small.WEIGHTS, x) + small.BIAS[:, None, None]
        np.testing.assert_allclose(out["logits"], want, rtol=1e-4, atol=1e-5)
    told = {
        "precision": "fp32",
        "input": "float32",
        "threads": "1",
        "streams": "1",
        "device": "CPU",
    }
    assert session.effective == told
    assert mismatches(builders.case(variant=small.OPENVINO), session.effective, 1) == ()
    session.close()


@pytest.mark.skipif(
    not {"avx512_bf16", "amx_bf16"} & set(flags()), reason="this processor multiplies no bf16"
)
def test_left_alone_it_runs_an_fp32_graph_in_bf16_and_the_row_says_so(artifact):
    session = opened(*artifact, precision_hint="default")
    assert mismatches(builders.case(variant=small.OPENVINO), session.effective, 1) == (
        "Asked for fp32; its products ran in bf16.",
    )
    x = np.random.default_rng(0).random((1, 3, *small.SIZE), np.float32)
    out = session.copy_out(session.forward(x))["logits"]
    want = np.einsum("kc,nchw->nkhw", small.WEIGHTS, x) + small.BIAS[:, None, None]
    # bf16 keeps 8 bits of the significand, so what the layers say of themselves is true.
    error = np.abs(out - want).max() / np.abs(want).max()
    assert 2**-20 < error < 2**-5
    session.close()


@pytest.mark.parametrize(
    ("told", "fed", "dynamic", "word"),
    [
        ("f32", "f32", False, "fp32"),
        ("u8", "u8", False, "int8"),
        ("u8", "f32", False, "fp32"),
        ("i4", "bf16", False, "bf16"),
        ("i4", "bf16", True, "int8"),
    ],
)
def test_integer_weights_are_no_integer_product(told, fed, dynamic, word):
    kind = SimpleNamespace(get_type_name=lambda: fed)
    layer = SimpleNamespace(
        get_rt_info=lambda: {"runtimePrecision": told},
        inputs=lambda: [0],
        input=lambda _: SimpleNamespace(get_element_type=lambda: kind),
    )
    assert precision(layer, dynamic=dynamic) == word


def test_a_precision_that_is_none_is_refused(artifact):
    with pytest.raises(BadInput, match="no precision_hint 'f8'"):
        opened(*artifact, precision_hint="f8")


def test_a_damaged_artifact_is_named(artifact):
    of, folder = artifact
    (folder / "model.xml").write_text("<torn")
    with pytest.raises(WeightsError, match=r"model\.xml can't be compiled"):
        opened(of, folder)
    with pytest.raises(WeightsError, match="no recipe"):
        opened(of, None)


@pytest.mark.parametrize(
    ("precision", "device", "fits"),
    [("fp32", "cpu", True), ("int8", "cpu", True), ("tf32", "cpu", False), ("fp32", "cuda", False)],
)
def test_what_it_supports(precision, device, fits):
    assert (OpenVinoBackend().supports(precision, registry.load("device", device)()) == "") is fits


@pytest.mark.parametrize(
    ("precision", "has", "fits"),
    [
        ("fp16", ("avx512_bf16",), False), ("fp16", ("amx_fp16",), True),
        ("bf16", ("avx512f",), False), ("bf16", ("bf16",), True),
    ],
)  # fmt: skip
def test_a_precision_that_the_processor_does_not_multiply_in_is_refused(
    monkeypatch, precision, has, fits
):
    monkeypatch.setattr(openvino, "flags", lambda: has)
    said = OpenVinoBackend().supports(precision, CpuDevice())
    assert said == "" if fits else f"doesn't multiply in {precision}" in said
