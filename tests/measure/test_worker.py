import json
import os
import resource
import subprocess
import sys
from types import SimpleNamespace

import pytest

from bench.errors import WeightsError
from bench.execute import process
from bench.jobs.base import UNWRITTEN
from bench.jobs.prepare import WeightsJob
from bench.measure import worker
from tests import small


def job(tmp_path, **more):
    of = small.model(tmp_path / "conv.onnx")
    data = small.folder(tmp_path / "pictures")
    case = small.suite(small.block(of, data)).expand()[0]
    fields = {"case": case, "cache": str(tmp_path), "out": str(tmp_path / "report.json")}
    return WeightsJob(**{**fields, **more})


def work(asked, tmp_path):
    done = subprocess.run(
        process.WORKER, input=asked.model_dump_json().encode(),
        capture_output=True, check=False, timeout=120,
    )  # fmt: skip
    path = tmp_path / "report.json"
    return done, json.loads(path.read_text()) if path.exists() else None


def test_progress_goes_to_the_parent_and_prints_to_standard_error(tmp_path):
    small.conv_graph(tmp_path / "conv.onnx")
    small.pictures(tmp_path / "pictures")
    done, report = work(job(tmp_path), tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == ["weights", 0, 1]
    assert report["ok"]
    assert len(report["payload"]["weights_digest"]) == 64


def test_an_expected_error_is_a_report(tmp_path):
    done, report = work(job(tmp_path), tmp_path)
    assert done.returncode == 0
    assert not report["ok"]
    assert report["error_type"] == "WeightsError"
    assert str(tmp_path / "conv.onnx") in report["message"]


def test_a_job_of_a_newer_version_is_refused_in_a_sentence(tmp_path):
    done, report = work(job(tmp_path, version=99), tmp_path)
    assert done.returncode == 0
    assert report["message"] == (
        "This worker's segbench knows jobs of the step 'weights' up to version 1, and its parent sent "
        "version 99."
    )


def test_a_report_that_cannot_be_written_is_told_by_the_status(tmp_path):
    (tmp_path / "file").write_text("")
    done, report = work(job(tmp_path, out=str(tmp_path / "file" / "report.json")), tmp_path)
    assert (done.returncode, report) == (UNWRITTEN, None)
    assert b"Traceback" in done.stderr


def test_a_worker_of_another_parent_ends_at_once(tmp_path):
    done, report = work(job(tmp_path, parent=os.getpid() + 1), tmp_path)
    assert (done.returncode, report) == (1, None)


@pytest.mark.parametrize(
    ("error", "kind", "said"),
    [
        (MemoryError(), "out of memory", "It ran out of memory: MemoryError."),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"), "out of memory", ""),
        (RuntimeError("std::bad_alloc"), "out of memory", "std::bad_alloc"),
        (RuntimeError("CUDA out of memory. Tried"), "out of memory", "CUDA"),
        (OSError(28, "No space left on device", "/a/b"), "OSError", "No space left on device (/a/b)."),
        (ValueError("one\ntwo"), "ValueError", "one"),
        (KeyError(), "KeyError", "KeyError"),
    ],
)  # fmt: skip
def test_what_an_exception_becomes(error, kind, said):
    found, message = worker._explain(error)
    assert found == kind
    assert said in message
    assert "\n" not in message


def test_an_expected_error_may_hide_a_lack_of_memory():
    assert worker._starved(WeightsError("It can't be opened: Failed to allocate memory."))
    assert not worker._starved(WeightsError("It can't be opened: no such file."))


def test_the_limit_counts_from_what_is_held():
    code = (
        "import resource\nfrom bench.measure import worker\n"
        "worker._limit(2 ** 26)\n"
        "try:\n    bytearray(2 ** 27)\nexcept MemoryError:\n    print('full')\n"
        "print(len(bytearray(2 ** 24)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["full", str(2**24)]
    assert resource.getrlimit(resource.RLIMIT_AS)[0] == resource.RLIM_INFINITY


def test_a_guarded_job_is_guarded_before_its_step(tmp_path):
    code = (
        "import sys\n"
        "from bench.measure import memory\nfrom bench.measure import worker\n"
        "memory.guard = lambda: print('guarded', file=sys.stderr)\n"
        "sys.exit(worker.main())\n"
    )
    for guarded in (True, False):
        asked = job(tmp_path, guarded=guarded).model_dump_json().encode()
        done = subprocess.run(
            [sys.executable, "-c", code], input=asked, capture_output=True, check=False, timeout=120
        )
        assert (b"guarded" in done.stderr) == guarded, done.stderr


def read(monkeypatch, times, words):
    clock = iter(times)
    monkeypatch.setattr(worker, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    out, into = os.pipe()
    say = worker.pipe(into)
    for word in words:
        say(*word)
    os.close(into)
    with os.fdopen(out) as f:
        return [tuple(json.loads(line)) for line in f]


def test_four_lines_a_second_and_always_the_first_and_last(monkeypatch):
    words = [("accuracy", i, 10) for i in range(11)]
    found = read(monkeypatch, [100 + i / 10 for i in range(11)], words)
    assert found == [("accuracy", i, 10) for i in (0, 3, 6, 9, 10)]


def test_a_parent_that_is_gone_stops_nothing():
    out, into = os.pipe()
    os.close(out)
    worker.pipe(into)("timing", 0, 1)
    os.close(into)
