import json
import os
import sys
import time

import psutil
import pytest

from bench.errors import CaseFailed, Unsupported
from bench.jobs.measure import PairJob
from bench.jobs.steps import read
from bench.live.side import Side, Start
from tests import builders
from tests.jobs.test_steps import FORMER

PRELUDE = """
import json, os, sys, time
job = json.loads(sys.stdin.readline())
def say(*words): print(json.dumps(words), flush=True)
def report(text): open(job["out"], "w").write(json.dumps(text))
"""


@pytest.fixture
def side(tmp_path):
    """Side whose worker runs the given code; `say` answers, `report` writes its report."""
    made = []

    def starting(code, timeout_s=60.0):
        job = PairJob(case=builders.case(), threads=3, size=(4, 4))
        start = Start(job, (sys.executable, "-c", PRELUDE + code))
        made.append(Side(start, tmp_path / "baseline.log", "baseline", timeout_s))
        return made[-1]

    yield starting
    for one in made:
        one.__exit__(None, None, None)


SERVES = """
print("noise")
say("load", 0, 1)
say("ready", 1, 1)
bursts = []
for line in sys.stdin:
    if line.strip() == "end": break
    bursts.append([1] * int(line.split()[1]))
    say("burst", 1, 1)
report({"ok": True, "payload": {"bursts_ns": bursts}})
"""


def test_it_runs_bursts_and_hands_over_their_samples(side):
    one = side(SERVES)
    one.ready()
    one.burst(3)
    one.burst(2)
    assert one.cpu_s() > 0
    assert one.end() == ((1, 1, 1), (1, 1))


def test_the_worker_knows_its_parent_and_its_threads(side, tmp_path):
    code = (
        "print(job['parent'], job['threads'], os.environ['OMP_NUM_THREADS'],"
        " os.environ['OPENBLAS_NUM_THREADS'], file=sys.stderr)\nsay('ready', 1, 1)\n"
    )
    side(code).ready()
    assert (tmp_path / "baseline.log").read_text().split() == [str(os.getpid()), "3", "3", "1"]


@pytest.mark.parametrize(
    ("code", "kind", "said"),
    [
        ("print('no memory', file=sys.stderr)\nos._exit(3)", CaseFailed, "failed: The process ended with status 3 and left no report: no memory"),
        ("import signal\nos.kill(os.getpid(), signal.SIGSEGV)", CaseFailed, "failed: It crashed (segmentation fault)."),
        ("report({'ok': False, 'message': 'It broke.'})", CaseFailed, "failed: It broke."),
        ("report({'ok': False, 'skipped': True, 'message': 'No.'})", Unsupported, "failed: No."),
    ],
)  # fmt: skip
def test_a_side_that_dies_says_so_in_one_sentence(side, code, kind, said):
    one = side(code)
    with pytest.raises(kind) as e:
        one.ready()
    assert e.value.message.startswith("The baseline's process of a live pair ")
    assert said in e.value.message
    assert "\n" not in str(e.value)


def test_a_side_that_dies_while_the_other_works_says_so(side):
    one = side("say('ready', 1, 1)\nsys.stdin.readline()\nos._exit(9)")
    one.ready()
    with pytest.raises(CaseFailed, match="with status 9"):
        one.burst(3)
    with pytest.raises(CaseFailed, match="with status 9"):
        one.end()
    assert one.cpu_s() >= 0


def test_a_side_that_hangs_is_killed(side):
    one = side("time.sleep(99)", timeout_s=0.5)
    began = time.monotonic()
    with pytest.raises(CaseFailed, match=r"ran past its limit of 0.5 s"):
        one.ready()
    assert time.monotonic() - began < 30


def test_nothing_is_left_behind(side, tmp_path):
    one = side("say('ready', 1, 1)\ntime.sleep(99)")
    with one:
        one.ready()
        worker = psutil.Process(one._worker.pid)
    assert not worker.is_running() or worker.status() == psutil.STATUS_ZOMBIE
    assert [p.name for p in tmp_path.iterdir()] == ["baseline.log"]


def test_a_waiting_side_and_its_launcher_use_no_processor(side):
    one = side(SERVES)
    one.ready()
    before, own = one.cpu_s(), time.process_time()
    time.sleep(0.3)
    assert one.cpu_s() - before < 0.02
    assert time.process_time() - own < 0.05


def test_a_job_of_another_revision_is_sent_in_its_own_words(tmp_path):
    """An older worker refuses fields that it doesn't know; the former format had no version."""
    words = json.loads(FORMER.read_text())
    code = "report({'ok': False, 'message': json.dumps(job)})"
    start = Start(read(words), (sys.executable, "-c", PRELUDE + code), words=words)
    side = Side(start, tmp_path / "baseline.log", "baseline", 60.0)
    with side, pytest.raises(CaseFailed) as e:
        side.ready()
    sent = json.loads(e.value.message.partition("failed: ")[2])
    assert set(sent) == set(words)
    own = {"out", "parent", "spawned_ns"}
    assert {k: v for k, v in sent.items() if k not in own} == {
        k: v for k, v in words.items() if k not in own
    }
    assert sent["parent"] == os.getpid()
