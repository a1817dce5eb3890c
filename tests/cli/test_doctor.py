from __future__ import annotations

import json
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from bench import registry
from bench.cli import doctor as module
from bench.cli.app import guard
from bench.cli.doctor import doctor, examine
from bench.registry import Entry

app = typer.Typer()
app.command()(guard(doctor))


@pytest.fixture
def installed(monkeypatch, tmp_path):
    """Distributions that seem to be installed: set of names."""
    names = {"torch", "transformers", "onnxruntime", "onnx", "onnxscript"}

    def version(name: str) -> str:
        if name not in names:
            raise metadata.PackageNotFoundError(name)
        return "1.2.3"

    monkeypatch.setattr(metadata, "version", version)
    monkeypatch.setattr(registry, "version", registry.version.__wrapped__)  # its answers are kept
    monkeypatch.setenv("SEGBENCH_CACHE", str(tmp_path / "cache"))
    return names


def told(report) -> str:
    return " ".join(w["what"] + " " + w["do"] for w in report["warnings"])


def test_it_says_what_runs_and_how_to_get_the_rest(installed) -> None:
    report = examine()
    backends = {b["name"]: b for b in report["backends"]}
    assert backends["torch"]["installed"]
    assert backends["torch"]["versions"] == {"torch": "1.2.3", "transformers": "1.2.3"}
    assert not backends["openvino"]["installed"]
    assert backends["openvino"]["missing"] == ["openvino"]
    assert backends["openvino"]["install"] == "python -m pip install openvino"
    text = CliRunner().invoke(app).stdout
    assert "python -m pip install openvino" in text


def test_json_is_complete(installed) -> None:
    report = json.loads(CliRunner().invoke(app, ["--json"]).stdout)
    assert report["schema"] == 1
    assert set(report) >= {"machine", "devices", "backends", "exporters", "targets", "warnings"}
    assert report["machine"]["cores"] >= 1
    assert {"name": "cpu", "here": True, "reason": ""} in report["targets"]
    assert 0 <= report["load"]["busy"] <= 1
    for warning in report["warnings"]:
        assert warning["what"]
        assert warning["do"]


def test_the_cache_is_measured(installed, tmp_path) -> None:
    assert examine()["cache"]["bytes"] == 0
    (tmp_path / "cache" / "deep").mkdir(parents=True)
    (tmp_path / "cache" / "deep" / "file").write_bytes(b"x" * 1000)
    assert examine()["cache"]["bytes"] == 1000


def test_files_that_vanish_meanwhile_are_passed_over(installed, monkeypatch, tmp_path) -> None:
    (tmp_path / "cache").mkdir()
    for name in ("gone", "there"):
        (tmp_path / "cache" / name).write_bytes(b"x" * 1000)
    stat = Path.stat

    def vanishing(path: Path, **more):
        if path.name == "gone":
            raise FileNotFoundError(path)
        return stat(path, **more)

    monkeypatch.setattr(Path, "stat", vanishing)
    assert module._cache()["bytes"] == 1000


def test_two_onnx_runtimes_are_one_too_many(installed) -> None:
    assert "overwrite" not in told(examine())
    installed.add("onnxruntime-gpu")
    assert "pip uninstall -y onnxruntime onnxruntime-gpu" in told(examine())
    installed.remove("onnxruntime")
    report = examine()
    assert "overwrite" not in told(report)
    (backend,) = [b for b in report["backends"] if b["name"] == "onnxruntime"]
    assert backend["installed"]


GOOD = {
    "machine": {"cores": 4, "quota_cores": None, "governor": None,
                "memory_available_bytes": 2**34},
    "load": {"busy": 0.0, "quiet": True, "on_battery": False},
    "devices": [{"name": "cuda", "gpus": []}],
    "cache": {"free_bytes": 2**34},
}  # fmt: skip


@pytest.mark.parametrize(
    ("part", "change", "said"),
    [
        ("load", {"busy": 0.5, "quiet": False}, "50%"),
        ("load", {"on_battery": True}, "Plug it in"),
        ("machine", {"quota_cores": 1.5}, "limit of 1.5 cores"),
        ("machine", {"governor": "powersave"}, "cpupower"),
        ("machine", {"memory_available_bytes": 2**31}, "2.15 GB of memory"),
        ("cache", {"free_bytes": 2**30}, "SEGBENCH_CACHE"),
        ("devices", [{"name": "cuda", "gpus": [{"name": "H200"}]}], "install onnxruntime-gpu"),
    ],
)
def test_each_warning_says_what_to_do(installed, part: str, change, said: str) -> None:
    assert module._warnings(GOOD) == []
    changed = change if isinstance(change, list) else {**GOOD[part], **change}
    (warning,) = module._warnings({**GOOD, part: changed})
    assert said in warning["what"] + warning["do"]


def test_a_plug_in_that_cannot_be_imported_names_what_it_lacks(monkeypatch, tmp_path) -> None:
    (tmp_path / "strange_backend.py").write_text("import nothing_of_that_name\n")
    monkeypatch.syspath_prepend(tmp_path)
    entry = Entry("backend", "mine", "strange_backend:Mine", "somebody")
    monkeypatch.setitem(registry.entries("backend"), "mine", entry)
    found = module._runnable("backend", "mine")
    assert (found["provider"], found["installed"]) == ("somebody", False)
    assert found["missing"] == ["nothing_of_that_name"]


def test_it_loads_no_runtime() -> None:
    code = (
        "import sys, bench.cli.doctor as d; d.examine()\n"
        "print([m for m in ('torch', 'onnxruntime', 'openvino', 'transformers') "
        "if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, text=True, capture_output=True)
    assert done.stdout == "[]\n"


def test_execution_providers_are_told_with_what_brings_them(capsys):
    report = examine()
    found = {p["name"]: p for p in report["providers"]}
    assert found["CPUExecutionProvider"]["installed"]
    for name, wanted in (("OpenVINO", "onnxruntime-openvino"), ("CUDA", "onnxruntime-gpu")):
        entry = found[f"{name}ExecutionProvider"]
        if not entry["installed"]:
            assert entry["reason"].endswith(f"python -m pip install {wanted}")
    doctor()
    assert "Execution providers of ONNX Runtime\n  CPUExecutionProvider" in capsys.readouterr().out
