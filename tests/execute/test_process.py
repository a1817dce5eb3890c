import os
import signal
import sys
import time

import psutil
import pytest

from bench.execute import process
from bench.execute.process import Process
from bench.jobs.base import Answer


@pytest.fixture
def start(tmp_path):
    """Start a process that runs the given code; `log` is its standard error."""
    made = []

    def starting(code, limit_s=60.0, **more):
        prelude = "import json, os, sys, time\n"
        words = [sys.executable, "-c", prelude + code]
        fields = {"threads": 3, "log": tmp_path / "logs" / "log", "limit_s": limit_s, **more}
        made.append(Process(words, **fields))
        return made[-1]

    yield starting
    for one in made:
        one.close()


def test_what_is_told_arrives_and_what_is_said_comes_back(start):
    one = start("for line in sys.stdin: print(json.dumps([line.strip(), 1, 2]), flush=True)")
    one.tell("a")
    one.tell("b")
    said = one.said()
    assert [next(said), next(said)] == [("a", 1, 2), ("b", 1, 2)]


def test_the_runtime_has_its_own_threads_and_numpy_one(start, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")  # as Ray sets it
    one = start(
        "own = [os.environ[n] for n in ('OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS')]\n"
        "print(json.dumps([' '.join(own), 0, 0]))"
    )
    assert [words[0] for words in one.said()] == ["3 1"]


def test_noise_on_standard_output_breaks_no_progress(start):
    one = start(
        "print('Downloading: 50%'); print('[1, 2]'); print('{}'); print('7'); print('')\n"
        "sys.stdout.flush(); os.write(1, bytes([255, 10]))\n"
        "print(json.dumps(['timing', 3, 10])); print('[\"x\", \"y\", null]')\n"
    )
    assert list(one.said()) == [("timing", 3, 10)]


@pytest.mark.parametrize(
    ("code", "kind", "message"),
    [
        ("sys.exit(7)", "exit", "The process ended with status 7 and left no report."),
        ("print('no memory', file=sys.stderr); sys.exit(3)", "exit", "left no report: no memory"),
        ("pass", "exit", "status 0 and left no report"),
        ("os._exit(74)", "OSError", "the disk may be full"),
        ("os.kill(os.getpid(), 9)", "SIGKILL", "Something killed it"),
        ("os.kill(os.getpid(), 11)", "SIGSEGV", "segmentation fault"),
        ("os.abort()", "SIGABRT", "aborted"),
        ("os.kill(os.getpid(), 15)", "SIGTERM", "ended by SIGTERM"),
    ],
)
def test_how_it_ended_is_one_sentence(start, code, kind, message):
    found, said = start(code).ending()
    assert found == kind
    assert message in said


def test_its_last_lines_are_kept_short(start):
    one = start("for i in range(30): print(f'line {i} ' + 'x' * 900, file=sys.stderr)\n")
    one.wait()
    assert len(one.tail()) == process.TAIL_LINES
    assert one.tail()[-1].startswith("line 29")
    assert max(map(len, one.tail())) == 500


def gone(pid):
    until = time.monotonic() + 10
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != "zombie":
        assert time.monotonic() < until
        time.sleep(0.02)
    return True


FAMILY = (
    "import subprocess\n"
    "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
    "print(json.dumps(['child', child.pid, 0]), flush=True)\n"
    "time.sleep(600)\n"
)


def test_one_that_hangs_is_killed_with_all_that_it_started(start):
    one = start(FAMILY, limit_s=3.0)
    began = time.monotonic()
    (child,) = list(one.said())
    assert one.ending() == ("timeout", "It ran past its limit of 3 s.")
    assert time.monotonic() - began < 60
    assert gone(child[1])


def test_a_block_that_is_left_leaves_nothing(start):
    with start(FAMILY) as one:
        child = next(one.said())
    assert one.wait() == -signal.SIGKILL
    assert gone(child[1])


def test_without_a_log_it_stays_in_the_parents_group_and_has_no_pipes(start):
    one = start("time.sleep(600)", log=None, limit_s=None)
    assert os.getpgid(one.pid) == os.getpgid(0)
    assert list(one.said()) == []
    one.close()
    assert one.wait() == -signal.SIGKILL


def test_the_parent_that_waits_uses_no_processor(start):
    one = start("time.sleep(0.5)")
    before = time.process_time()
    list(one.said())
    one.wait()
    assert time.process_time() - before < 0.05


def test_an_answer_is_read_once(tmp_path):
    (tmp_path / "out.json").write_text('{"ok": true}')
    assert process.answer(tmp_path / "out.json") == Answer(ok=True)
    assert process.answer(tmp_path / "out.json") is None
    (tmp_path / "out.json").write_text('{"ok": tr')
    assert process.answer(tmp_path / "out.json") is None
