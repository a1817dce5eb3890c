import itertools
import json
import math
import os
import sys
import time

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.errors import CaseFailed, Unsupported
from bench.jobs.measure import PairJob
from bench.jobs.steps import read
from bench.live import pair
from bench.live.pair import Side, Start
from bench.live.prepared import ready
from bench.metrics.pairs import log_ratio
from tests import builders, small
from tests.jobs.test_steps import FORMER
from tests.live.scripted import MS, Scripted

QUICK = pair.Plan(still_s=0.0)


def turns(old, new, plan=QUICK, seed="0", **more):
    return pair.take_turns(old, new, pair.order(seed), plan, **more)


def constant(ns):
    return lambda: ns


@given(st.integers(1, 99), st.integers(1, 99))
def test_the_ratio_is_that_of_the_script(old, new):
    found = turns(Scripted(constant(old)), Scripted(constant(new)))
    assert log_ratio(found) == pytest.approx(math.log(new / old))
    assert len(found.order) == len(found.baseline_ns) + len(found.candidate_ns)


@given(st.text(max_size=5))
def test_both_run_one_burst_in_each_round_in_random_order(seed):
    log: list[str] = []
    found = turns(Scripted(constant(1), log, "B"), Scripted(constant(1), log, "C"), seed=seed)
    assert log[:2] == ["B ready", "C ready"]
    assert "".join(log[2:-2]) == found.order
    rounds = [found.order[k : k + 2] for k in range(0, len(found.order), 2)]
    assert {"".join(sorted(r)) for r in rounds} == {"BC"}


def test_the_order_is_drawn_and_repeats_with_its_seed():
    def order(seed):
        return turns(Scripted(constant(1)), Scripted(constant(1)), seed=seed).order

    assert order("a") == order("a")
    assert len({order(str(i)) for i in range(9)}) > 5


def test_every_sample_is_kept():
    numbers = itertools.count(1)
    found = turns(Scripted(lambda: next(numbers)), Scripted(constant(5)))
    assert [x for burst in found.baseline_ns for x in burst] == list(
        range(1, 3 * pair.Plan().rounds + 1)
    )
    assert all(len(burst) == pair.BURST for burst in found.candidate_ns)


def test_slow_sides_run_fewer_rounds():
    found = turns(Scripted(constant(1)), Scripted(constant(1)), pair.Plan(still_s=0, side_s=0))
    assert len(found.baseline_ns) == pair.Plan().fewest


def test_a_load_that_moves_both_cancels():
    """The machine gets slower with every call; both sides meet it alike."""
    clock = itertools.count(1000)
    found = turns(
        Scripted(lambda: next(clock) * MS), Scripted(lambda: round(1.05 * next(clock) * MS))
    )
    assert log_ratio(found) == pytest.approx(math.log(1.05), abs=0.02)


def test_what_others_used_is_what_the_sides_did_not(monkeypatch):
    """Every look at the clock takes a second; the whole machine is busy with one processor more."""
    now = [0.0]

    def clock():
        now[0] += 1
        return now[0]

    monkeypatch.setattr(pair.time, "monotonic", clock)
    sides = Scripted(constant(MS)), Scripted(constant(MS))
    plan = pair.Plan(still_s=0.0, side_s=1000, most=12)
    found = turns(*sides, plan, busy=lambda: now[0] + sum(s.cpu for s in sides))
    assert len(found.foreign) == len(found.order) == 24
    assert found.foreign_cpu > 0.9
    unread = turns(Scripted(constant(1)), Scripted(constant(1)))
    assert (unread.foreign, unread.foreign_cpu) == ((), None)


@pytest.mark.parametrize(("quiet", "rounds"), [(100, 7), (5, 18), (4, 18), (0, 18)])
def test_a_pair_goes_on_until_enough_rounds_were_quiet(quiet, rounds):
    """`quiet` rounds without other load, then nothing but load; the samples don't matter."""
    log: list[str] = []
    sides = Scripted(constant(1), log, "B"), Scripted(constant(1), log, "C")
    used = [0.0]

    def busy():
        used[0] += 0 if len(log) - 2 <= 2 * quiet and quiet else 5
        return used[0]

    plan = pair.Plan(still_s=0.0, rounds=7, quiet=6, most=18)
    assert len(turns(*sides, plan, busy=busy).baseline_ns) == rounds


def test_it_waits_until_both_rest():
    class Spinning(Scripted):
        looks = 0

        def cpu_s(self):
            Spinning.looks += 1
            return min(Spinning.looks, 5) * 0.01

    pair.rest([Spinning(constant(1))], 5.0)
    assert Spinning.looks == 6


def test_it_waits_no_longer_than_told():
    clock = itertools.count()

    class Busy(Scripted):
        def cpu_s(self):
            return float(next(clock))

    pair.rest([Busy(constant(1))], 0.02)
    assert next(clock) < 9


@pytest.fixture(scope="module")
def job(tmp_path_factory, cache) -> PairJob:
    """Job of a tiny ONNX model."""
    home = tmp_path_factory.mktemp("pair")
    of = small.model(small.conv_graph(home / "conv.onnx"))
    data = small.folder(small.pictures(home / "pictures"))
    (case,) = small.suite(small.block(of, data)).expand()
    return ready(case, cache, lambda line: None)


def test_two_real_processes_take_turns_and_a_planted_slow_down_shows(job, tmp_path):
    slower = Start(job.model_copy(update={"planted": 1.0}))
    found = pair.live(Start(job), slower, tmp_path, pair.order("0"))
    assert {len(b) for b in (*found.baseline_ns, *found.candidate_ns)} == {3}
    assert 10 <= len(found.baseline_ns) == len(found.candidate_ns) <= 24
    assert 1.4 < math.exp(log_ratio(found)) < 2.9
    assert sorted(p.name for p in tmp_path.iterdir()) == ["baseline.log", "candidate.log"]


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
        worker = psutil.Process(one.pid)
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
