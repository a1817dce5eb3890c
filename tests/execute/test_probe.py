import ast
import os
import subprocess
from pathlib import Path

import pytest

from bench import __version__, registry
from bench.devices.cuda import CudaDevice
from bench.execute import probe
from bench.jobs.prepare import ProbeJob
from bench.suite.target import Requires
from tests import builders, small


def test_the_record_says_what_may_change_a_number(monkeypatch):
    monkeypatch.setenv("MKL_NUM_THREADS", "5")
    monkeypatch.setenv("SECRET_TOKEN", "no")
    found = probe.environment(builders.case(target=builders.target(threads=2)))
    assert found.threads == 2
    assert found.variables["OMP_NUM_THREADS"] == "2"
    assert found.variables["MKL_NUM_THREADS"] == "5"
    assert "SECRET_TOKEN" not in found.variables
    assert found.versions["segbench"] == __version__
    assert found.versions["torch"] == probe.installed("torch")
    assert found.code_digest == probe.code_digest()
    assert found.load_average == pytest.approx(os.getloadavg()[0], abs=5)


def test_commit_and_dirty_flag(tmp_path):
    def git(*words):
        subprocess.run(
            ["git", "-C", str(tmp_path), "-c", "user.name=t", "-c", "user.email=t@t", *words],
            check=True, capture_output=True,
        )  # fmt: skip

    git("init")
    (tmp_path / "a").write_text("1")
    git("add", "a")
    git("commit", "-m", "one")
    commit, dirty = probe.git.__wrapped__(tmp_path)
    assert len(commit) == 40
    assert dirty is False
    (tmp_path / "a").write_text("2")
    assert probe.git.__wrapped__(tmp_path) == (commit, True)


def test_outside_of_a_checkout_there_is_no_commit(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert probe.git.__wrapped__(tmp_path) == (None, None)


def test_flags_are_those_that_matter(monkeypatch):
    monkeypatch.setattr(
        probe.Path,
        "read_text",
        lambda self: "flags : fpu avx2 fma\ncpu MHz : 2000.5\ncpu MHz : 9\n",
    )
    assert probe.flags.__wrapped__() == ("avx2", "fma")
    assert probe.clock_mhz() == 2000.5


def test_what_this_machine_can_run_has_no_reason():
    assert probe.skip_reason(builders.case(target=small.CPU)) == ""


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"target": builders.target("cuda", device="cuda", threads=1)}, "needs cuda: "),
        ({"variant": builders.variant("torch-int8")}, "no int8 variant"),
        ({"variant": builders.variant("torch-tf32")}, "NVIDIA GPUs only"),
        ({"model": small.model("x.onnx")}, "conv is an ONNX file"),
    ],
)
def test_what_it_cannot_run_has_one(change, said, monkeypatch):
    # So that it says the same on a machine with a GPU.
    monkeypatch.setattr(CudaDevice, "available", lambda self: "no GPU")
    assert said in probe.skip_reason(builders.case(**{"target": small.CPU, **change}))


def test_a_missing_runtime_names_the_command_that_installs_it(monkeypatch):
    real = registry.version
    monkeypatch.setattr(registry, "version", lambda d: None if d == "openvino" else real(d))
    reason = probe.skip_reason(builders.case(variant=small.OPENVINO, target=small.CPU))
    assert reason == "openvino isn't installed: python -m pip install openvino"


def test_every_metric_that_measuring_uses_is_part_of_the_codes_digest():
    root = Path(probe.__file__).parents[1]
    used = set()
    for path in (root / "measure").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module == "bench.metrics":
                used |= {a.name for a in node.names}
            elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith(
                "bench.metrics."
            ):
                used.add(node.module.split(".")[2])
    assert used
    assert {f"metrics/{name}.py" for name in used} <= set(probe.MEASURING)


def test_a_version_that_is_not_there():
    assert probe.installed("no-such-distribution") == "absent"
    assert probe.installed("numpy")[0].isdigit()


def test_versions_name_what_the_case_runs_on():
    found = probe.runtime_versions(builders.case(model=small.model("x.onnx")), small.INT8)
    assert {"onnxruntime", "onnx", "numpy"} <= set(found)
    assert len(probe.code_digest()) == 16


def test_an_answer_speaks_of_this_machine_and_of_each_case():
    here = builders.case(target=small.CPU)
    away = builders.case(target=builders.target("far", requires=Requires(processor="Abacus")))
    found = probe.answer(ProbeJob(cases=(here, away)))
    assert found.machine == probe.machine.describe()
    assert found.cores >= 1
    assert 0 < found.available_bytes <= found.machine.memory_bytes
    assert found.skips[here.id] == ""
    assert "Abacus" in found.skips[away.id]
    assert not found.environments
    told = probe.answer(ProbeJob(cases=(here,), environments=True)).environments[here.id]
    assert told.threads == small.CPU.threads
    assert told.code_digest == found.code_digest


def test_an_export_step_says_what_it_lacks(monkeypatch):
    monkeypatch.setattr(
        "bench.exporters.onnx.OnnxStep.lacks", lambda self: "no compiler", raising=False
    )
    assert probe.skip_reason(builders.case(variant=small.ORT, target=small.CPU)) == "no compiler"


def test_a_task_tells_what_it_needs(monkeypatch):
    case = builders.case(target=small.CPU, protocol=builders.protocol(task="instance"))
    assert probe.skip_reason(case) == ""
    assert probe.versions(case)["pycocotools"] == probe.installed("pycocotools")
    real = registry.version
    monkeypatch.setattr(registry, "version", lambda d: None if d == "pycocotools" else real(d))
    reason = probe.skip_reason(case)
    assert reason == "pycocotools isn't installed: python -m pip install pycocotools"
    assert probe.skip_reason(builders.case(target=small.CPU)) == ""
