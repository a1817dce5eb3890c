import numpy as np
import pytest

from bench.backends.base import OpenJob
from bench.backends.openvino import OpenVinoBackend
from bench.devices.cpu import CpuDevice
from bench.errors import WeightsError
from bench.exporters.openvino import OpenVinoStep
from tests import small
from tests.exporters.made import adopted, job


@pytest.fixture
def artifact(tmp_path):
    pytest.importorskip("openvino")
    of, before = adopted(tmp_path)
    OpenVinoStep().make(job(of, tmp_path / "ir", before))
    return of, tmp_path / "ir"


def opened(of, folder):
    return OpenVinoBackend().open(
        OpenJob(
            model=of, variant=small.OPENVINO, device=CpuDevice(), size=small.SIZE, threads=1,
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
    assert session.effective["precision"] == "f32"
    assert session.effective["threads"] == "1"
    session.close()


def test_a_damaged_artifact_is_named(artifact):
    of, folder = artifact
    (folder / "model.xml").write_text("<torn")
    with pytest.raises(WeightsError, match=r"model\.xml can't be compiled"):
        opened(of, folder)
    with pytest.raises(WeightsError, match="no recipe"):
        opened(of, None)


@pytest.mark.parametrize(
    ("precision", "device", "fits"),
    [("fp32", "cpu", True), ("int8", "cpu", True), ("fp16", "cpu", False), ("fp32", "cuda", False)],
)
def test_what_it_supports(precision, device, fits):
    assert (OpenVinoBackend().supports(precision, device) == "") is fits
