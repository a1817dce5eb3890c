"""Compiled, exported and quantized PyTorch: two tiny seeded models, each variant against eager float32."""

import numpy as np
import pytest

from bench import registry
from bench.backends.base import OpenJob
from bench.devices.cpu import CpuDevice
from bench.exporters.base import ExportJob
from bench.suite.load import tables
from tests import seeds

MODELS = {
    "mask2former": seeds.model("mask2former", seeds.MASK2FORMER),
    "segformer": seeds.model("segformer", seeds.SEGFORMER),
}
SIZE = (64, 64)
X, *CALIBRATION = np.random.default_rng(0).random((5, 1, 3, *SIZE), np.float32)


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    """Session of a shipped variant; steps that variants share are made once."""
    made = {}

    def export(of, steps, size):
        if not steps:
            return None
        key = (of.name, size, str(steps))
        if key not in made:
            folder = tmp_path_factory.mktemp("artifact")
            exporter = registry.load("exporter", steps[-1].name)()
            assert exporter.lacks() == ""
            exporter.make(
                ExportJob(
                    model=of, previous=export(of, steps[:-1], size), out=folder, size=SIZE,
                    batch_size=1, threads=2, options=steps[-1].options,
                    calibration=tuple(CALIBRATION) if exporter.calibrates else (),
                )
            )  # fmt: skip
            made[key] = folder
        return made[key]

    def open_variant(of, name, threads=2):
        variant = tables().variants[name]
        backend = registry.load("backend", variant.backend)()
        assert backend.refuses(variant, CpuDevice()) == ""
        asked = OpenJob(
            model=of, variant=variant, device=CpuDevice(), threads=threads, size=SIZE,
            artifact=export(of, variant.steps, SIZE),
        )  # fmt: skip
        return backend.open(asked)

    return open_variant


def run(session):
    return session.copy_out(session.forward(session.copy_in(X)))


@pytest.fixture(scope="module")
def reference(opened):
    return {name: run(opened(of, "torch-fp32")) for name, of in MODELS.items()}


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(
    ("name", "error", "precision"),
    [
        ("torchscript-fp32-optimized", 1e-5, "fp32"),
        ("torch-compile-fp32", 1e-5, "fp32"),
        ("aoti-fp32", 1e-5, "fp32"),
        ("aoti-bf16", 0.05, "bf16"),
        ("aoti-int8", 0.3, "fp32, int8"),
        ("torch-torchao-int8-weights", 0.05, "fp32"),
        ("torch-torchao-int8-dynamic", 0.05, "fp32, int8"),
        ("executorch-fp32", 1e-5, None),
        ("executorch-int8", 0.3, None),
    ],
)
def test_it_computes_what_eager_torch_does(name, error, precision, model, opened, reference):
    session = opened(MODELS[model], name)
    first, second = run(session), run(session)
    for output, want in reference[model].items():
        np.testing.assert_array_equal(first[output], second[output])
        found = np.linalg.norm(first[output] - want) / np.linalg.norm(want)
        assert found < error
        # A quantized variant that changed nothing was not quantized.
        assert (found > 1e-5) == ("int8" in name or "bf16" in name)
    assert session.effective.get("precision") == precision
    assert session.effective["threads"] == "2"


def test_a_package_runs_with_the_threads_of_the_session(opened):
    assert opened(MODELS["segformer"], "aoti-fp32", threads=1).effective["threads"] == "1"
