"""Edge runtimes: small graphs without workers, then both shipped models against torch."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import coremltools
import numpy as np
import pytest

from bench import registry
from bench.backends.base import OpenJob
from bench.devices.cpu import CpuDevice
from bench.errors import BadInput, CaseFailed, WeightsError
from bench.execute.probe import skip_reason
from bench.exporters.ncnn import NcnnStep
from bench.exporters.notes import read_note
from bench.metrics.catalog.parity import agreement
from bench.plan.export import export
from bench.plan.setting import Setting
from bench.suite.choose import single_case
from bench.suite.load import tables
from bench.suite.suite import Block, Suite
from tests import small
from tests.e2e.test_imports import imported
from tests.exporters.made import adopted, job


@dataclass(frozen=True)
class Runtime:
    """What the tests must know of a runtime."""

    variant: str
    """The float32 one."""
    module: str
    """Package that a worker imports."""


RUNTIMES = [Runtime("mnn-fp32", "MNN"), Runtime("ncnn-fp32", "ncnn")]
SMALL = {"height": 64, "width": 128, "images": 2}
SMALLER = ("mnn-fp32-fp16-weights", "mnn-fp32-int8-weights", "ncnn-fp32-fp16-weights", "ncnn-bf16")
"""Variants whose weights are smaller in the file, or in memory."""


def named(name):
    return tables().variants[name]


def made(tmp_path, variant, of=None, before=None):
    """Model and the folder of its last step."""
    of, before = (of, before) if of else adopted(tmp_path)
    for step in variant.steps[1:]:
        out = tmp_path / variant.name / step.name
        exporter = registry.load("exporter", step.name)()
        exporter.make(job(of, out, before, options=step.options))
        before = out
    return of, before


def opened(of, folder, variant):
    backend = registry.load("backend", variant.backend)()
    return backend.open(
        OpenJob(
            model=of, variant=variant, device=CpuDevice(), size=small.SIZE, threads=1,
            artifact=folder,
        )
    )  # fmt: skip


@pytest.mark.parametrize("runtime", RUNTIMES, ids=lambda r: r.variant)
def test_outputs_are_named_right_and_not_overwritten_by_the_next_call(runtime, tmp_path):
    variant = named(runtime.variant)
    of, folder = made(tmp_path, variant)
    session = opened(of, folder, variant)
    rng = np.random.default_rng(0)
    inputs = [rng.random((1, 3, *small.SIZE), np.float32) for _ in range(2)]
    outs = [session.copy_out(session.forward(session.copy_in(x))) for x in inputs]
    for x, out in zip(inputs, outs, strict=True):
        want = np.einsum("kc,nchw->nkhw", small.WEIGHTS, x) + small.BIAS[:, None, None]
        np.testing.assert_allclose(out["logits"], want, rtol=1e-4, atol=1e-5)
        assert out["logits"].dtype == np.float32
    assert session.effective["input"] == "float32"
    with pytest.raises(CaseFailed, match="16, 32"):
        session.forward(session.copy_in(np.ones((1, 5, 16, 32), np.float32)))
    session.close()


@pytest.mark.parametrize("runtime", RUNTIMES, ids=lambda r: r.variant)
def test_a_damaged_file_is_named(runtime, tmp_path):
    variant = named(runtime.variant)
    of, folder = made(tmp_path, variant)
    file = folder / read_note(folder).model
    file.write_bytes(b"torn")
    with pytest.raises(WeightsError, match=file.name):
        opened(of, folder, variant)


@pytest.mark.parametrize("name", SMALLER)
def test_smaller_weights_are_close_and_not_the_same(name, tmp_path):
    rng = np.random.default_rng(1)
    weights = rng.standard_normal((64, 3)).astype(np.float32)
    of, before = adopted(tmp_path, weights=weights, bias=np.zeros(64, np.float32))
    x = rng.random((1, 3, *small.SIZE), np.float32)
    want = np.einsum("kc,nchw->nkhw", weights, x)
    session = opened(*made(tmp_path, named(name), of, before), named(name))
    found = session.copy_out(session.forward(session.copy_in(x)))["logits"]
    error = np.linalg.norm(found - want) / np.linalg.norm(want)
    assert 1e-5 < error < 2e-2


@pytest.mark.parametrize("name", ["mnn-fp32", "ncnn-fp32"])
def test_weights_that_are_not_stored_so_are_refused(name, tmp_path):
    variant = named(name)
    step = variant.steps[1].model_copy(update={"options": {"weights": "int3"}})
    with pytest.raises(BadInput, match="'int3'"):
        made(tmp_path, variant.model_copy(update={"steps": (variant.steps[0], step)}))


@pytest.mark.parametrize("name", ["mnn-fp32", "ncnn-fp32"])
def test_a_graph_that_is_not_read_is_a_failure(name, tmp_path):
    variant = named(name)
    of, before = adopted(tmp_path)
    (before / "model.onnx").write_bytes(b"torn")
    with pytest.raises(CaseFailed, match="wrote no file"):
        made(tmp_path, variant, of, before)


@pytest.mark.parametrize("model", ["segformer-micro", "mask2former-micro"])
def test_shipped_models_give_torchs_labels_and_workers_import_their_runtime_only(
    model, tmp_path, cache, monkeypatch
):
    monkeypatch.setenv("PYTHONPROFILEIMPORTTIME", "1")
    data = tables().datasets["scenes"].model_copy(
        update={"options": {"seed": 0, "height": 128, "width": 256, "count": 4}}
    )  # fmt: skip
    protocol = small.QUICK.model_copy(update={"images": 2, "iterations": 1})
    asked = Suite(
        name="edge",
        title="Edge",
        reference=small.TORCH,
        blocks=(
            Block(
                model=tables().models[model],
                dataset=data,
                variants=tuple(named(r.variant) for r in RUNTIMES),
                targets=(small.CPU,),
                protocol=protocol,
            ),
        ),
    )
    found = small.run(asked, tmp_path / "run", cache)
    for runtime in RUNTIMES:
        (row,) = (r for id_, r in found.items() if f"/{runtime.variant}/" in id_)
        if (model, runtime.variant) == ("mask2former-micro", "ncnn-fp32"):
            assert row.status == "failed"
            assert "ncnn has no layer for " in row.reason
            assert "Tensor.reshape" in row.reason
            continue
        assert row.status == "ok", row.reason
        assert (agreement(row.get("parity")) or 0) > 0.9999
        (log,) = (tmp_path / "run" / "logs").glob(f"*{runtime.variant}*.case.log")
        packages = imported(log)
        assert runtime.module in packages
        assert not packages & {"torch", "transformers", "onnx"}


def test_a_core_ml_package_is_written_and_a_case_is_skipped(tmp_path, cache):
    case = single_case(
        "segformer-micro", "coreml-fp16", "scenes", roots={}, weights={}, protocol=SMALL
    )
    assert skip_reason(case) == "Core ML runs on macOS only; segbench export writes its package"
    out = tmp_path / "out"
    files = export(case, Setting(run=out, cache=cache), small.Quiet())
    note = read_note(out)
    assert note.weight_bytes == 2 * note.parameters
    assert [r.name for r in note.rungs if r.ok] == ["trace"]
    assert {p.name for p in files} == {
        "artifact.json",
        "Manifest.json",
        "model.mlmodel",
        "weight.bin",
    }
    spec = coremltools.models.utils.load_spec(str(out / note.model)).description
    assert [i.name for i in spec.input] == ["pixel_values"]
    assert [o.name for o in spec.output] == ["logits"]
    row = small.one(
        Suite(name="c", title="C", reference=small.TORCH, blocks=(block(case),)),
        tmp_path / "run",
        cache,
    )
    assert row.status == "skipped"
    assert "macOS" in row.reason


def block(case):
    return Block(
        model=case.model, dataset=case.dataset, variants=(case.variant,), targets=(case.target,),
        protocol=case.protocol,
    )  # fmt: skip


def test_what_core_ml_does_not_convert_is_told_by_path(tmp_path, cache):
    case = single_case(
        "mask2former-micro", "coreml-fp32", "scenes", roots={}, weights={}, protocol=SMALL
    )
    with pytest.raises(CaseFailed, match="None of 5 export paths works"):
        export(case, Setting(run=tmp_path / "out", cache=cache), small.Quiet())


def test_ncnn_takes_one_image_a_call(tmp_path):
    of, before = adopted(tmp_path)
    two = dataclasses.replace(job(of, tmp_path / "two", before), batch_size=2)
    with pytest.raises(BadInput, match="1 image a call; 2 are"):
        NcnnStep().make(two)
