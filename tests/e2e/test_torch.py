"""Real PyTorch: two tiny seeded architectures and a callable, in every form that needs no network."""

import shutil
import subprocess
import sys

import numpy as np
import pytest

from bench.metrics.rows import rows
from bench.record.store import read_run
from bench.suite.classes import CITYSCAPES
from bench.suite.dataset import Dataset
from bench.suite.model import Model
from bench.suite.variant import CalibrationSet, Step, Variant
from tests import seeds, small

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

SCENES = Dataset(
    name="scenes", loader="scenes", options={"height": 64, "width": 128, "count": {"val": 2, "train": 2}}
)  # fmt: skip
SCRIPT = Variant(
    name="torchscript-fp32", format="torchscript", backend="torchscript", precision="fp32",
    steps=(Step(name="torchscript"),),
)  # fmt: skip
DYNAMIC = small.DYNAMIC.model_copy(
    update={"steps": (Step(name="onnx"), Step(name="ort-int8-dynamic"))}
)
STATIC = small.INT8.model_copy(update={"calibration": CalibrationSet(split="train", images=2)})
QUICK = small.QUICK.model_copy(update={"iterations": 2, "timeout_s": 500, "prepare_timeout_s": 500})

CITY = tuple(c.name for c in CITYSCAPES)
CODE = """
import torch

class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = torch.nn.Conv2d(3, 4, 1)
        with torch.no_grad():
            self.conv.weight.copy_(torch.tensor({weights}).reshape(4, 3, 1, 1))
            self.conv.bias.copy_(torch.tensor({bias}))

    def forward(self, x):
        return {{"logits": self.conv(x)}}

def build():
    return Net()
"""


@pytest.fixture(scope="module")
def forms(tmp_path_factory, cache):
    """All cases of one suite, measured once."""
    home = tmp_path_factory.mktemp("torch")
    one = {"protocol": QUICK}
    asked = small.suite(
        small.block(
            seeds.model("tiny-segformer", seeds.SEGFORMER), SCENES,
            small.TORCH, SCRIPT, small.ORT, STATIC, DYNAMIC, **one,
        ),
        small.block(seeds.model("tiny-mask2former", seeds.MASK2FORMER), SCENES, small.ORT, **one),
        reference=small.TORCH,
    )  # fmt: skip
    watch = small.Quiet()
    found = small.run(asked, home / "run", cache, watch)
    return found, read_run(home / "run"), watch


def by_slug(forms, model="tiny-segformer"):
    return {r.case.variant.slug: r for r in forms[0].values() if r.case.model.name == model}


def test_every_form_is_measured(forms):
    for r in forms[0].values():
        assert r.status in {"ok", "wrong"}, f"{r.case.id}: {r.reason} {r.failure}"
    assert len(forms[0]) == 6


def test_exports_compute_what_torch_computes(forms):
    for slug in (SCRIPT.slug, small.ORT.slug):
        r = by_slug(forms)[slug]
        assert r.status == "ok", r.reason
        sums = r.get("parity").outputs["logits"]
        assert np.sum(sums.squared_error) < 1e-6 * np.sum(sums.squared_reference)
    r = by_slug(forms, "tiny-mask2former")[small.ORT.slug]
    assert set(r.get("parity").outputs) == {"class_logits", "mask_logits", "map"}
    sums = r.get("parity").outputs["mask_logits"]
    assert np.sum(sums.squared_error) < 1e-6 * np.sum(sums.squared_reference)


def test_seeded_weights_have_parity_and_latency_and_no_miou(forms):
    for row in rows(forms[1]):
        assert row.metrics["miou"].value is None
        assert "seeded" in row.metrics["miou"].reason
        assert row.metrics["latency_mean_ms"].value > 0
        assert row.metrics["map_relative_l2"].value is not None


def test_parameters_are_the_models_and_int8_is_smaller(forms):
    found = by_slug(forms)
    count = found[small.TORCH.slug].artifact.parameters
    assert count > 1000
    for slug in (SCRIPT.slug, small.ORT.slug, STATIC.slug, DYNAMIC.slug):
        assert found[slug].artifact.parameters == count
    whole = found[small.ORT.slug].artifact.weight_bytes
    assert whole == 4 * count
    assert found[STATIC.slug].artifact.weight_bytes < found[DYNAMIC.slug].artifact.weight_bytes
    assert found[DYNAMIC.slug].artifact.weight_bytes < whole
    assert found[small.TORCH.slug].artifact.file_bytes is None


def test_the_onnx_graph_is_made_once_for_all_that_start_from_it(forms):
    made = [what for case, what in forms[2].steps if case.startswith("tiny-segformer")]
    assert made.count("making onnx") == 1
    assert made.count("computing the reference torch-fp32") == 1


def test_a_truncated_weights_file_fails_alone(tmp_path, cache):
    code = (
        "import sys, torch\n"
        "from bench.models.transformers import TransformersLoader\n"
        "from bench.suite.model import Model\n"
        "spec = Model.model_validate_json(sys.argv[1])\n"
        "TransformersLoader().build(spec).model.save_pretrained(sys.argv[2])\n"
    )
    spec = seeds.model("tiny", seeds.SEGFORMER).model_dump_json()
    whole, torn = tmp_path / "whole", tmp_path / "torn"
    subprocess.run([sys.executable, "-c", code, spec, str(whole)], check=True)
    shutil.copytree(whole, torn)
    path = torn / "model.safetensors"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])

    def model(name):
        where = str(tmp_path / name)
        return Model(name=name, source="folder", location=where, classes=CITY)

    asked = small.suite(
        *(small.block(model(n), SCENES, small.TORCH, protocol=QUICK) for n in ("torn", "whole"))
    )
    first, second = small.run(asked, tmp_path / "run", cache).values()
    assert (first.status, second.status) == ("failed", "ok"), second.reason
    assert first.failure.type == "WeightsError"
    assert str(torn) in first.reason
    assert "can't be loaded" in first.reason
    assert second.artifact.file_bytes == (whole / "model.safetensors").stat().st_size
    # A trained model has accuracy, and the reference that is an export of a torn one has not.
    assert "failed" in (second.get("parity").absent or "failed")


def test_a_callable_is_measured_when_it_is_allowed(tmp_path, cache, monkeypatch):
    (tmp_path / "my_net.py").write_text(
        CODE.format(weights=small.WEIGHTS.tolist(), bias=small.BIAS.tolist())
    )
    monkeypatch.chdir(tmp_path)
    mine = Model(
        name="mine", loader="callable", source="code", location="my_net:build",
        classes=small.CLASSES, pixels=small.PLAIN,
    )  # fmt: skip
    data = small.folder(small.pictures(tmp_path / "pictures"))
    twin = small.model(small.conv_graph(tmp_path / "conv.onnx"))
    asked = small.suite(
        small.block(mine, data, small.TORCH, protocol=QUICK),
        small.block(twin, data, protocol=QUICK),
    )
    own, theirs = small.run(asked, tmp_path / "run", cache, allow_code=True).values()
    assert own.status == "ok", own.reason
    assert own.artifact.parameters == 16
    run = read_run(tmp_path / "run")
    first, second = (run.arrays(r.get("confusion").arrays) for r in (own, theirs))
    for name in first:
        np.testing.assert_array_equal(first[name], second[name])
