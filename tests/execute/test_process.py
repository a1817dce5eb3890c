import os
import signal
import subprocess
import sys
import threading
import time

import psutil
import pytest

from bench.execute import process
from bench.jobs.base import Job
from tests import builders

REPORT = '{"ok": true, "payload": {"x": 1}}'


@pytest.fixture
def start(tmp_path, monkeypatch):
    """Start a worker that runs the given code; `OUT` is its report, `say` its progress."""
    real = subprocess.Popen

    def starting(code, timeout_s=60.0):
        prelude = f"import json, os, sys, time\nOUT = {str(tmp_path / 'report.json')!r}\n"

        def popen(words, **more):
            assert words == process.WORKER
            return real([sys.executable, "-c", prelude + code], **more)

        monkeypatch.setattr(process.subprocess, "Popen", popen)
        said = []
        job = Job(
            step="case", case=builders.case(), cache="", run="", threads=3,
            out=str(tmp_path / "report.json"),
        )  # fmt: skip
        found = process.start(
            job, tmp_path / "logs" / "log", timeout_s, lambda *words: said.append(words)
        )
        return (*found, said)

    return starting


def report(text=REPORT):
    return f"open(OUT, 'w').write({text!r})\n"


def test_the_job_arrives_and_the_report_comes_back(start):
    code = (
        "job = json.load(sys.stdin)\n"
        "got = [job['parent'], job['threads'], os.environ['OMP_NUM_THREADS'], job['spawned_ns']]\n"
        "open(OUT, 'w').write(json.dumps({'ok': True, 'payload': {'got': got}}))\n"
    )
    made, failure, said = start(code)
    parent, threads, omp, spawned = made.payload["got"]
    assert (failure, said) == (None, [])
    assert (parent, threads, omp) == (os.getpid(), 3, "3")
    assert 0 < spawned < time.monotonic_ns()


def test_noise_on_standard_output_breaks_no_progress(start):
    code = (
        "print('Downloading: 50%'); print('[1, 2]'); print('{}'); print('7'); print('')\n"
        "sys.stdout.flush(); os.write(1, bytes([255, 10]))\n"
        "print(json.dumps(['timing', 3, 10])); print('[\"x\", \"y\", null]')\n"
    )
    made, failure, said = start(code + report())
    assert failure is None
    assert made.payload == {"x": 1}
    assert said == [("timing", 3, 10)]


@pytest.mark.parametrize(
    ("code", "kind", "message"),
    [
        ("sys.exit(7)", "exit", "status 7 and left no report"),
        ("pass", "exit", "status 0 and left no report"),
        ("os._exit(74)", "OSError", "the disk may be full"),
        ("os.kill(os.getpid(), 9)", "SIGKILL", "Something killed it"),
        ("os.kill(os.getpid(), 11)", "SIGSEGV", "segmentation fault"),
        ("os.abort()", "SIGABRT", "aborted"),
        ("os.kill(os.getpid(), 15)", "SIGTERM", "ended by SIGTERM"),
        (report('{"ok": tr'), "exit", "left no report"),
        (report('{"ok": true, "odd": 1}'), "exit", "left no report"),
    ],
)
def test_a_worker_without_a_report_is_a_failure(start, code, kind, message):
    made, failure, _ = start(code)
    assert made is None
    assert (failure.step, failure.type) == ("case", kind)
    assert message in failure.message


def test_a_worker_that_failed_says_why_with_its_last_lines(start):
    code = "for i in range(30): print(f'line {i} ' + 'x' * 900, file=sys.stderr)\n"
    text = '{"ok": false, "error_type": "DatasetError", "message": "It is torn."}'
    made, failure, _ = start(code + report(text))
    assert not made.ok
    assert (failure.type, failure.message) == ("DatasetError", "It is torn.")
    assert len(failure.stderr_tail) == process.TAIL_LINES
    assert failure.stderr_tail[-1].startswith("line 29")
    assert max(map(len, failure.stderr_tail)) == 500


def test_a_skip_is_no_failure(start):
    made, failure, _ = start(report('{"ok": false, "skipped": true, "message": "No GPU."}'))
    assert failure is None
    assert made.skipped


def test_a_worker_that_hangs_is_killed_with_all_that_it_started(start):
    code = (
        "import subprocess\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "print(json.dumps(['child', child.pid, 0]), flush=True)\n"
        "time.sleep(600)\n"
    )
    began = time.monotonic()
    made, failure, said = start(code, timeout_s=3.0)
    assert time.monotonic() - began < 60
    assert made is None
    assert (failure.type, failure.message) == ("timeout", "It ran past its limit of 3 s.")
    for _, pid, _ in said:
        with_end = time.monotonic() + 10
        while psutil.pid_exists(pid) and psutil.Process(pid).status() != "zombie":
            assert time.monotonic() < with_end
            time.sleep(0.02)


def test_an_interrupt_kills_the_worker(start):
    # A shell starts what runs in its background with this signal ignored.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    main = threading.main_thread().ident
    timer = threading.Timer(1.5, lambda: signal.pthread_kill(main, signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        start("time.sleep(600)")
    timer.join()
    signal.signal(signal.SIGINT, before)
    assert not psutil.Process().children()


def test_an_old_report_is_never_taken_for_a_new_one(start, tmp_path):
    (tmp_path / "report.json").write_text(REPORT)
    made, failure, _ = start("pass")
    assert made is None
    assert failure.type == "exit"
