import numpy as np
import pytest

from bench.backends.base import OpenJob
from bench.backends.pipeline import PipelineBackend
from bench.backends.torch import TorchBackend
from bench.devices.cpu import CpuDevice
from bench.errors import Unsupported
from bench.suite.model import Model
from bench.suite.tables import tables
from bench.transforms.labels import hf
from bench.transforms.pixels import normalize
from tests import seeds

pytest.importorskip("torch")
SIZE = (64, 96)


def job(name, variant):
    config = {"segformer": seeds.SEGFORMER, "mask2former": seeds.MASK2FORMER}[name]
    model = Model(name=name, source="seeded", location=name, seed=0, config=config)
    return OpenJob(model=model, variant=tables().variants[variant], device=CpuDevice(), threads=1,
                   artifact=None, size=SIZE)  # fmt: skip


@pytest.mark.parametrize("name", ["segformer", "mask2former"])
def test_labels_are_those_of_the_module_under_the_librarys_rule(name):
    """Same input, same weights, same rule: the pipeline adds time and nothing else."""
    image = np.random.default_rng(0).integers(0, 256, (50, 70, 3), np.uint8)
    bare = job(name, "torch-fp32")
    module = TorchBackend().open(bare)
    outputs = module.copy_out(
        module.forward(module.copy_in(normalize(image, bare.model.pixels, SIZE)))
    )
    session = PipelineBackend().open(job(name, "torch-pipeline-fp32"))
    found = session.copy_out(session.forward(session.copy_in(image[None])))["labels"]
    assert found.shape == (1, 50, 70)
    assert (hf({"labels": found}, SIZE, (50, 70)) == hf(outputs, SIZE, (50, 70))).mean() > 0.999
    assert session.effective["subtask"] == "semantic"
    assert session.effective["precision"] == "fp32"
    assert session.weights["parameters"] > 0


def test_another_loaders_model_is_refused_by_name(monkeypatch):
    asked = job("segformer", "torch-pipeline-fp32")
    loader = type("Loader", (), {"build": lambda self, spec, **more: object()})
    monkeypatch.setattr("bench.registry.load", lambda kind, name: loader)
    with pytest.raises(Unsupported, match="'segformer' is not one of them"):
        PipelineBackend().open(asked)


def test_what_it_supports():
    assert PipelineBackend().supports("fp32", CpuDevice()) == ""
    assert "fp32 alone" in PipelineBackend().supports("bf16", CpuDevice())
