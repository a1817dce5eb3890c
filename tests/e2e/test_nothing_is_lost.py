"""Workers that die, parents that die: one row is lost, or none."""

import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from typer.testing import CliRunner

from bench.cli import watch
from bench.cli.app import app
from bench.record.store import read_result, read_run
from tests import small

pytestmark = pytest.mark.e2e
ROOT = Path(__file__).resolve().parents[2]


def command(*words):
    return CliRunner().invoke(app, ["run", *map(str, words)])


def worker():
    """The step's process: the only child that we have then."""
    (found,) = psutil.Process().children()
    return found


@pytest.fixture
def harm(monkeypatch):
    """Call this with a function of the worker: it is done to the case on the axis a1."""

    def install(deed, phase="load"):
        now = {"case": ""}
        step, progress = watch.Watch.step, watch.Watch.progress

        def stepping(self, case, what):
            now["case"] = f"{case.axis} {what}"
            step(self, case, what)

        def progressing(self, said, done, total):
            if now["case"] == "a1 measuring" and said == phase:
                now["case"] = ""
                deed(worker())
            progress(self, said, done, total)

        monkeypatch.setattr(watch.Watch, "step", stepping)
        monkeypatch.setattr(watch.Watch, "progress", progressing)

    return install


@pytest.mark.parametrize(
    ("number", "said"),
    [(signal.SIGKILL, "Something killed it"), (signal.SIGSEGV, "segmentation fault")],
)
def test_a_worker_that_dies_is_one_failed_row(tmp_path, harm, number, said):
    path = small.write_suite(tmp_path, 3)
    harm(lambda process: process.send_signal(number))
    done = command(path, "--out", tmp_path / "run")
    assert done.exit_code == 3, done.stderr
    found = read_run(tmp_path / "run").results
    assert [r.status for r in found] == ["ok", "failed", "ok"]
    assert said in found[1].reason
    assert found[1].failure.type == number.name
    assert "1 of 3 cases failed" in done.stderr
    assert (tmp_path / "run" / "card.html").is_file()


def test_a_worker_that_hangs_is_killed_at_its_limit(tmp_path, harm):
    path = small.write_suite(tmp_path, 3)
    text = path.read_text()
    path.write_text(text.replace('axis = "a1"', 'axis = "a1"\nprotocol = { timeout_s = 4 }'))
    harm(lambda process: process.suspend())
    done = command(path, "--out", tmp_path / "run")
    assert done.exit_code == 3, done.stderr
    found = read_run(tmp_path / "run").results
    assert [r.status for r in found] == ["ok", "failed", "ok"]
    assert found[1].reason == "It ran past its limit of 4 s."
    assert found[1].failure.type == "timeout"
    assert not psutil.Process().children()


def test_a_disk_that_is_full_for_the_worker_is_one_failed_row(tmp_path, monkeypatch):
    """Linux refuses to let its files grow; what it wrote before stands."""
    path = small.write_suite(tmp_path, 3)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    step, progress = watch.Watch.step, watch.Watch.progress

    def stepping(self, case, what):
        step(self, case, what)
        if (case.axis, what) == ("a1", "measuring"):
            resource.setrlimit(resource.RLIMIT_FSIZE, (64, hard))

    def progressing(self, phase, done, total):
        # The worker inherited the limit when it was started; we need ours back.
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        progress(self, phase, done, total)

    monkeypatch.setattr(watch.Watch, "step", stepping)
    monkeypatch.setattr(watch.Watch, "progress", progressing)
    try:
        done = command(path, "--out", tmp_path / "run")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert done.exit_code == 3, done.stderr
    found = read_run(tmp_path / "run").results
    assert [r.status for r in found] == ["ok", "failed", "ok"]
    assert "the disk may be full" in found[1].reason
    assert not list((tmp_path / "run").rglob("*.part"))


def arguments(path, out):
    return [sys.executable, "-m", "bench", "run", str(path), "--out", str(out)]


def started(path, out):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        arguments(path, out), env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def wait_for(what, seconds=120):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = what()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError("it never came")


def test_a_parent_killed_loses_at_most_the_case_in_flight(tmp_path):
    path, out = small.write_suite(tmp_path, 4), tmp_path / "run"
    text = path.read_text().replace(
        'axis = "a2"', 'axis = "a2"\nprotocol = { iterations = 10000000 }'
    )
    path.write_text(text)
    parent = started(path, out)
    try:
        log = wait_for(lambda: list(out.glob("logs/*a2.case.log")))
        family = wait_for(psutil.Process(parent.pid).children)
        # Well past its start: it is measuring, and would for hours.
        wait_for(lambda: family[0].cpu_times().user > 2)
    finally:
        parent.kill()
        parent.wait()
    assert log
    gone, alive = psutil.wait_procs(family, timeout=20)
    for process in alive:
        process.kill()
    assert not alive, "an orphan goes on and would disturb the next run"
    assert gone
    stamps = {p.name: p.stat().st_mtime_ns for p in (out / "cases").glob("*.json")}
    assert len(stamps) == 2
    for p in (out / "cases").glob("*.json"):
        assert read_result(p).status == "ok"

    path.write_text(text.replace("iterations = 10000000", "iterations = 5"))
    done = command(path, "--out", out)
    assert done.exit_code == 0, done.stderr
    assert [r.status for r in read_run(out).results] == ["ok"] * 4
    for name, stamp in stamps.items():
        assert (out / "cases" / name).stat().st_mtime_ns == stamp
    for p in out.rglob("*.json"):
        json.loads(p.read_text())


def test_many_ways_to_fail_leave_the_good_cases_alone(tmp_path):
    """A corrupt image, a torn graph, a bad option, a missing data set: one run, in one process."""
    path = small.write_suite(tmp_path)
    text = path.read_text()
    whole = (tmp_path / "conv.onnx").read_bytes()
    (tmp_path / "torn.onnx").write_bytes(whole[: len(whole) // 3])
    picture = small.pictures(tmp_path / "spoiled") / "images" / "p1.png"
    picture.write_bytes(picture.read_bytes()[:300])
    model = text[text.index("[model.conv]") : text.index("[dataset.")]
    data = text[text.index("[dataset.blocks]") : text.index("[target.")]
    extra = model.replace("model.conv", "model.torn").replace("conv.onnx", "torn.onnx")
    for name in ("spoiled", "nowhere"):
        extra += data.replace("blocks", name).replace('"pictures"', f'"{name}"')
    extra += (
        '[variant.onnx-onnxruntime-int8-odd]\nformat = "onnx"\nbackend = "onnxruntime"\n'
        'precision = "int8"\nrecipe = "odd"\n'
        'steps = [{ name = "onnx" }, { name = "ort-int8-dynamic", options = { operators = 7 } }]\n'
    )
    for of, on, variant in (
        ("torn", "blocks", "onnx-onnxruntime-fp32"),
        ("conv", "spoiled", "onnx-onnxruntime-fp32"),
        ("conv", "nowhere", "onnx-onnxruntime-fp32"),
        ("conv", "blocks", "onnx-onnxruntime-int8-odd"),
        ("conv", "blocks", "onnx-onnxruntime-int8-dynamic-conv"),
    ):
        extra += (
            f'[[block]]\nmodel = "{of}"\ndataset = "{on}"\ntargets = ["one"]\n'
            f'variants = ["{variant}"]\n'
        )
    first, block, rest = text.partition("\n[[block]]")
    path.write_text(first + "\n" + extra + block + rest)
    done = subprocess.run(
        arguments(path, tmp_path / "run"), capture_output=True, text=True, check=False, cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 3, done.stderr
    found = read_run(tmp_path / "run").results
    assert [r.status for r in found] == ["failed"] * 4 + ["ok"] * 2
    reasons = [r.reason for r in found]
    for reason, said in zip(reasons, ("torn.onnx", "p1.png", "nowhere", "artifact"), strict=False):
        assert said in reason
    assert "4 of 6 cases failed" in done.stderr
