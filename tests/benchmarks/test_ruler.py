"""The ruler itself: what the loop costs, and whether other rulers measure the same.

Run with `nox -s benchmarks`, on an idle machine. All comparisons are interleaved, so that the
machine's moods hit both rulers alike.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from bench.execute.local import LocalExecutor
from bench.measure import readings
from bench.measure.call import timed
from bench.measure.scenarios import back_to_back
from bench.measure.scenarios.arrivals import Sender
from bench.measure.scenarios.base import Loop
from bench.measure.session import load_case
from bench.measure.stopping import Rule
from bench.metrics.latency import median_interval
from tests.benchmarks import ruler
from tests.scripted import Clock, loaded, protocol

OVERHEAD_US = 20
WITHIN = 0.02
ROUNDS = 11
CALLS = 60
PROCESSES = 5
clock = time.perf_counter_ns


def nothing():
    """Session whose phases do nothing."""
    made, _, _ = loaded(Clock())
    image, x = np.zeros((4, 4, 3), np.uint8), np.zeros((1, 3, 4, 4), np.float32)
    out = {"logits": x}
    made.images.image = lambda index: image
    made.preprocess = lambda *of: x
    made.postprocess = lambda *of: None
    made.session.copy_in = made.session.forward = lambda fed: fed
    made.session.copy_out = lambda raw: out
    return made


def loop_ns(made, poller, calls=2000):
    """Wall nanoseconds of the loop a call: the phases do nothing, so that all of it is the ruler."""
    rule = Rule.of(protocol(iterations=calls, median_width=0.02))
    loop = Loop(timed(made, clock), rule, clock, poller)
    start = clock()
    back_to_back.run(loop, protocol())
    return (clock() - start) / len(loop.rows)


def test_the_loop_costs_less_than_20_us_a_call(benchmark):
    made, plain, read = nothing(), [], []

    def turn():
        plain.append(loop_ns(made, None))
        read.append(loop_ns(made, readings.poller(made.device, clock)))

    benchmark.pedantic(turn, rounds=ROUNDS, iterations=1)
    found = {"plain_us": np.median(plain) / 1e3, "with_readings_us": np.median(read) / 1e3}
    benchmark.extra_info.update({k: round(float(v), 2) for k, v in found.items()})
    assert found["plain_us"] < OVERHEAD_US


def test_the_median_is_that_of_an_independent_timer(benchmark, tmp_path, cache):
    """The other timer knows another clock, and only the start and the end."""
    made, _ = load_case(job := ruler.job(tmp_path, cache), job.case.variant)
    call, ours, theirs = timed(made, clock), [], []

    def by_us(i):
        start, end, *_ = call(i)
        ours.append(end - start)

    def by_hand(i):
        start = time.clock_gettime_ns(time.CLOCK_MONOTONIC_RAW)
        ruler.by_hand(made, i % 2)
        theirs.append(time.clock_gettime_ns(time.CLOCK_MONOTONIC_RAW) - start)

    def turns():
        for i in range(CALLS):
            for one in (by_us, by_hand) if i % 2 else (by_hand, by_us):
                one(i)

    turns()  # warm
    ours.clear()
    theirs.clear()
    benchmark.pedantic(turns, rounds=1, iterations=1)
    ratio = float(np.median(np.array(ours) / np.array(theirs)))
    benchmark.extra_info["ours / independent"] = round(ratio, 4)
    medians = float(np.median(ours) / np.median(theirs))
    benchmark.extra_info["p50 ratio"] = round(medians, 4)
    assert abs(ratio - 1) <= WITHIN
    assert abs(medians - 1) <= WITHIN


def test_a_camera_beside_the_model_does_not_slow_it(benchmark, tmp_path, cache):
    """The load's thread sends 100 frames a second while calls run, or sleeps, in turns."""
    made, _ = load_case(job := ruler.job(tmp_path, cache), job.case.variant)
    call, loaded, alone = timed(made, clock), [], []

    def took(i):
        start, end, *_ = call(i)
        return end - start

    def turns():
        for i in range(CALLS):
            for busy in (True, False) if i % 2 else (False, True):
                if busy:
                    with Sender(range(0, 10**12, 10**7), clock):
                        loaded.append(took(i))
                else:
                    alone.append(took(i))

    benchmark.pedantic(turns, rounds=1, iterations=1)
    ratio = float(np.median(np.array(loaded) / np.array(alone)))
    benchmark.extra_info["loaded / alone"] = round(ratio, 4)
    assert ratio <= 1 + WITHIN


def test_torchs_timer_measures_the_same(benchmark, tmp_path, cache):
    from torch.utils.benchmark import Timer

    made, _ = load_case(job := ruler.job(tmp_path, cache), job.case.variant)
    call, ours, theirs = timed(made, clock), [], []
    timer = Timer("call(made)", globals={"call": ruler.by_hand, "made": made}, num_threads=1)

    def turns():
        for i in range(CALLS // 2):
            start, end, *_ = call(i)
            ours.append(end - start)
            theirs.extend(s * 1e9 for s in timer.timeit(1).times)

    benchmark.pedantic(turns, rounds=1, iterations=1)
    a, b = median_interval(ours), median_interval(theirs)
    benchmark.extra_info["ours_ms"] = [round(x / 1e6, 3) for x in a]
    benchmark.extra_info["torch_ms"] = [round(x / 1e6, 3) for x in b]
    assert ruler.overlap(a, b)


def test_pyperf_measures_the_same(benchmark, tmp_path, cache):
    """Fresh processes of both in turns; the process is the unit of both intervals."""
    import pyperf

    job = ruler.job(tmp_path, cache, iterations=20)
    asked = tmp_path / "job.json"
    asked.write_text(job.model_dump_json())
    ours, theirs = [], []

    def by_us(i):
        ended = LocalExecutor(cache).work(job, 300, tmp_path / "log", lambda *words: None)
        assert ended.failure is None
        ours.append(np.median(ended.report.launch.end_to_end_ns))

    def by_pyperf(i):
        out = tmp_path / f"pyperf{i}.json"
        root = Path(__file__).resolve().parents[2]
        environment = {
            **os.environ, "RULER_JOB": str(asked), "PYTHONPATH": str(root),
            "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1",
        }  # fmt: skip
        subprocess.run(
            [
                sys.executable, str(Path(ruler.__file__)), "--processes=1", "--warmups=5",
                "--values=20", "--loops=1", f"--output={out}", "--quiet",
                "--inherit-environ=RULER_JOB,PYTHONPATH,OMP_NUM_THREADS,OPENBLAS_NUM_THREADS",
            ],
            env=environment, check=True, capture_output=True,
        )  # fmt: skip
        (found,) = pyperf.BenchmarkSuite.load(str(out)).get_benchmarks()
        theirs.append(np.median(found.get_values()) * 1e9)

    def turns():
        for i in range(PROCESSES):
            for one in (by_us, by_pyperf) if i % 2 else (by_pyperf, by_us):
                one(i)

    benchmark.pedantic(turns, rounds=1, iterations=1)
    a, b = ruler.over_processes(ours), ruler.over_processes(theirs)
    benchmark.extra_info["ours_ms"] = [round(x / 1e6, 3) for x in a]
    benchmark.extra_info["pyperf_ms"] = [round(x / 1e6, 3) for x in b]
    benchmark.extra_info["ours / pyperf"] = round(float(np.median(ours) / np.median(theirs)), 4)
    assert ruler.overlap(a, b)
