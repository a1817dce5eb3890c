from __future__ import annotations

import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from bench import registry
from bench.backends.base import OpenJob
from bench.datasets.base import VOID
from bench.errors import DatasetError, WeightsError
from bench.gate.judge import judge
from bench.metrics.rows import rows
from bench.record.store import read_run
from bench.suite.dataset import Dataset
from bench.suite.model import Model, Pixels
from bench.suite.variant import Variant
from bench.transforms.labels import reference
from bench.transforms.pixels import normalize
from tests.builders import build_run

PLUGIN = Path(__file__).parent / "plugin"
NAME = "segbench-plugin-example"
CLASSES = ("dark", "middle", "bright")
STRIPES = Dataset(name="stripes", loader="stripes", classes=CLASSES)
PIXELS = Pixels(mean=(0.5, 0.5, 0.5), std=(0.25, 0.25, 0.25))


def rule_onnx(path):
    """Write the plug-in's rule as an ONNX file."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    constants = {
        "std": np.float32(0.25),
        "mean": np.float32(0.5),
        "centres": np.float32([40 / 255, 128 / 255, 215 / 255]).reshape(1, 3, 1, 1),
        "slope": np.float32(-8),
        "axes": np.int64([1]),
    }
    nodes = [
        helper.make_node("ReduceMean", ["pixels", "axes"], ["grey"], keepdims=1),
        helper.make_node("Mul", ["grey", "std"], ["scaled"]),
        helper.make_node("Add", ["scaled", "mean"], ["value"]),
        helper.make_node("Sub", ["value", "centres"], ["difference"]),
        helper.make_node("Abs", ["difference"], ["distance"]),
        helper.make_node("Mul", ["distance", "slope"], ["logits"]),
    ]
    shape = (1, 3, 32, 64)
    graph = helper.make_graph(
        nodes,
        "rule",
        [helper.make_tensor_value_info("pixels", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, shape)],
        [numpy_helper.from_array(np.asarray(v), k) for k, v in constants.items()],
    )
    opset = [helper.make_opsetid("", 18)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=10), path)


@pytest.fixture(autouse=True, scope="module")
def _installed():
    try:
        metadata.distribution(NAME)
    except metadata.PackageNotFoundError:
        pytest.fail("The plug-in isn't installed: python -m pip install --no-deps ./tests/plugin")


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("backend", "threshold"),
        ("dataset", "stripes"),
        ("metric", "frequency"),
        ("task", "presence"),
    ],
)
def test_registry_finds_it_and_says_who_provides_it(kind, name):
    entry = registry.entries(kind)[name]
    assert entry.provider == NAME
    assert entry.target.startswith("segbench_plugin_example.")
    assert registry.load(kind, name) is not None


def test_dataset_opens_and_its_first_row_is_void(tmp_path):
    loader = registry.load("dataset", "stripes")()
    images = loader.open(STRIPES, tmp_path)
    assert len(images.names) == 4
    assert loader.open(STRIPES, tmp_path, split="train", count=2).names == images.names[:2]
    assert images.image(0).shape == (32, 64, 3)
    assert (images.truth(0)[0] == VOID).all()
    assert set(np.unique(images.truth(1)[1:])) == {0, 1, 2}
    assert images.files(0)[0].is_file()


def test_dataset_names_the_split_that_it_lacks():
    with pytest.raises(DatasetError, match="'test'"):
        registry.load("dataset", "stripes")().plan_digest(
            STRIPES.model_copy(update={"split": "test"})
        )


def test_backend_labels_the_stripes_through_the_rules_of_processing(tmp_path):
    loader = registry.load("dataset", "stripes")()
    images = loader.open(STRIPES, tmp_path)
    backend = registry.load("backend", "threshold")()
    rule_onnx(tmp_path / "model.onnx")
    job = OpenJob(
        model=Model(name="rule", source="code", location="a:b", classes=CLASSES, pixels=PIXELS),
        variant=Variant(name="v", format="threshold", backend="threshold", precision="fp32"),
        device=registry.load("device", "cpu")(),
        threads=1,
        artifact=tmp_path,
        size=(32, 64),
    )
    session = backend.open(job)
    for index in range(len(images.names)):
        x = session.copy_in(normalize(images.image(index), PIXELS, job.size))
        outputs = session.copy_out(session.forward(x))
        assert list(outputs) == ["logits"]
        truth = images.truth(index)
        labels = reference(outputs, job.size, truth.shape)
        np.testing.assert_array_equal(labels[truth != VOID], truth[truth != VOID])
    session.close()


def test_backend_says_what_it_lacks(tmp_path):
    job = SimpleNamespace(model=Model(name="m", source="code", location="a:b"), artifact=None)
    with pytest.raises(WeightsError, match="reads an ONNX file"):
        registry.load("backend", "threshold")().open(job)


@pytest.mark.parametrize(
    ("precision", "device", "reason"),
    [
        ("fp32", "cpu", ""),
        ("int8", "cpu", "threshold computes in fp32, not in int8"),
        ("fp32", "cuda", "threshold runs on the processor, not on cuda"),
    ],
)
def test_backend_answers_what_it_supports(precision, device, reason):
    found = registry.load("device", device)()
    assert registry.load("backend", "threshold")().supports(precision, found) == reason


def test_metric_shows_in_every_row_and_lies_between_its_classes(tmp_path):
    for row in rows(build_run(tmp_path)):
        found = row.metrics["frequency_weighted_iou"]
        if row.result.get("confusion") is None:
            assert found.value is None
            assert found.reason
        else:
            ious = [m.value for m in row.by_class["iou"].values() if m.value is not None]
            assert min(ious) <= found.value <= max(ious)


@pytest.mark.e2e
def test_suite_runs_the_plugin_beside_onnx_runtime(tmp_path, monkeypatch):
    monkeypatch.setenv("SEGBENCH_CACHE", str(tmp_path / "cache"))
    suite = Path(shutil.copy(PLUGIN / "suite.toml", tmp_path))
    rule_onnx(tmp_path / "rule.onnx")
    command = [sys.executable, "-m", "bench", "run", str(suite), "--out", str(tmp_path / "run")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stderr
    every = rows(read_run(tmp_path / "run"))
    found = {r.result.case.variant.slug: r for r in every if not r.result.case.axis}
    assert {slug: row.status for slug, row in found.items()} == {
        "threshold-fp32": "ok",
        "onnx-onnxruntime-fp32": "ok",
    }
    for row in found.values():
        assert row.value("miou") == pytest.approx(1.0)
        assert row.value("frequency_weighted_iou") == pytest.approx(1.0)
        assert row.value("latency_p50_ms") > 0
    assert found["onnx-onnxruntime-fp32"].value("agreement") == pytest.approx(1.0)
    present = [r for r in every if r.result.case.axis == "presence"]
    assert [r.status for r in present] == ["ok", "ok"]
    for row in present:
        assert row.value("presence_f1") == row.value("exact_match") == 1.0
        assert {c: m.value for c, m in row.by_class["f1"].items()} == dict.fromkeys(CLASSES, 1.0)
        assert row.value("miou") is None
    assert present[1].value("presence_f1_difference") == 0.0
    assert "presence_f1" in {
        v.metric for v in judge(read_run(tmp_path / "run"), read_run(tmp_path / "run")).verdicts
    }
