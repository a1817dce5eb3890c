import json
import os
import signal
import sys
import threading

import psutil
import pytest

from bench.execute import local
from bench.execute import process as module
from bench.jobs.measure import FitsJob
from bench.jobs.prepare import ProbeJob
from tests import builders

REPORT = '{"ok": true, "payload": {"peak_bytes": 1}}'


@pytest.fixture
def work(tmp_path, monkeypatch):
    """Do a job by a worker that runs the given code; `OUT` is its report. Outcome and progress."""

    def working(code, timeout_s=60.0):
        prelude = "import json, os, sys, time\njob = json.loads(sys.stdin.readline())\n"
        words = (sys.executable, "-c", f"{prelude}OUT = job['out']\n{code}")
        monkeypatch.setattr(module, "WORKER", words)
        said = []
        job = FitsJob(case=builders.case(), threads=3, size=(4, 4))
        future = local.LocalExecutor(tmp_path / "cache").submit(
            job, place="here", timeout_s=timeout_s, log=tmp_path / "logs" / "x.log",
            progress=lambda *words: said.append(words),
        )  # fmt: skip
        assert future.done()
        return future.result(), said

    return working


def report(text=REPORT):
    return f"open(OUT, 'w').write({text!r})\n"


def test_the_job_arrives_and_the_report_comes_back(work, tmp_path):
    code = (
        "got = json.dumps([job['parent'], job['cache'], os.environ['OMP_NUM_THREADS']])\n"
        "assert 0 < job['spawned_ns'] < time.monotonic_ns()\n"
        "print(json.dumps(['timing', 3, 10]))\n"
        "open(OUT, 'w').write(json.dumps({'ok': True, 'payload': {'peak_bytes': 1, 'why': got}}))\n"
    )
    outcome, said = work(code)
    parent, cache, omp = json.loads(outcome.report.why)
    assert (outcome.failure, said) == (None, [("timing", 3, 10)])
    assert (parent, cache, omp) == (os.getpid(), str(tmp_path / "cache"), "3")
    assert outcome.wall_s > 0
    assert [p.name for p in (tmp_path / "logs").iterdir()] == ["x.log"]


@pytest.mark.parametrize(
    ("code", "kind", "message"),
    [
        ("sys.exit(7)", "exit", "status 7 and left no report"),
        (report('{"ok": tr'), "exit", "left no report"),
        ("os.kill(os.getpid(), 11)", "SIGSEGV", "segmentation fault"),
    ],
)
def test_a_worker_without_a_report_is_a_failure(work, code, kind, message):
    outcome, _ = work(code)
    assert outcome.report is None
    assert (outcome.failure.step, outcome.failure.type) == ("fits", kind)
    assert message in outcome.failure.message


def test_a_worker_that_failed_says_why_with_its_last_lines(work):
    text = json.dumps({"ok": False, "error_type": "DatasetError", "message": "It is torn."})
    outcome, _ = work("print('oh', file=sys.stderr)\n" + report(text))
    assert (outcome.failure.type, outcome.failure.message) == ("DatasetError", "It is torn.")
    assert outcome.failure.stderr_tail == ("oh",)
    assert not outcome.skipped


def test_what_cannot_run_here_is_skipped(work):
    text = json.dumps({"ok": False, "skipped": True, "message": "No GPU."})
    outcome, _ = work(report(text))
    assert outcome.skipped
    assert outcome.failure.message == "No GPU."


def test_a_worker_past_its_limit_is_a_failure_whatever_it_wrote(work):
    outcome, _ = work(report() + "time.sleep(600)", timeout_s=2.0)
    assert outcome.report is None
    assert outcome.failure.type == "timeout"


def test_arrays_and_pictures_come_with_the_outcome_and_leave_nothing(work, tmp_path):
    code = (
        "os.makedirs(OUT + '.files/cases')\nopen(OUT + '.files/cases/a.npz', 'w').write('arrays')\n"
    )
    outcome, _ = work(code + report())
    assert outcome.files == {"cases/a.npz": b"arrays"}
    assert [p.name for p in (tmp_path / "logs").iterdir()] == ["x.log"]
    died, _ = work(code + "os._exit(3)")
    assert not died.files
    assert [p.name for p in (tmp_path / "logs").iterdir()] == ["x.log"]


def test_fields_that_a_newer_worker_adds_are_dropped(work):
    text = {"ok": True, "odd": 1, "payload": {"peak_bytes": 1, "odd": 2}}
    outcome, _ = work(report(json.dumps(text)))
    assert outcome.report.peak_bytes == 1


def test_a_probe_is_answered_without_a_process(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "WORKER", ("/nowhere",))
    done = local.LocalExecutor(tmp_path).submit(
        ProbeJob(), place="here", timeout_s=1, log=tmp_path / "log", progress=print
    )
    assert done.result().report.cores >= 1


def test_an_interrupt_kills_the_worker(work):
    # A shell starts what runs in its background with this signal ignored.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    main = threading.main_thread().ident
    timer = threading.Timer(1.5, lambda: signal.pthread_kill(main, signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        work("time.sleep(600)")
    timer.join()
    signal.signal(signal.SIGINT, before)
    assert not psutil.Process().children()


def test_an_old_report_is_never_taken_for_a_new_one(work, tmp_path):
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "x.json").write_text(REPORT)
    outcome, _ = work("pass")
    assert outcome.report is None
    assert outcome.failure.type == "exit"


def test_dropped_folders_leave_the_cache(tmp_path):
    (tmp_path / "artifacts" / "a").mkdir(parents=True)
    (tmp_path / "artifacts" / "b").mkdir()
    local.LocalExecutor(tmp_path).drop(["artifacts/a", "artifacts/none"], "here")
    assert [p.name for p in (tmp_path / "artifacts").iterdir()] == ["b"]
