"""What reading the machine beside each sample does to the samples: on and off in turns.

Run with `nox -s benchmarks`, on an idle machine; the medians differ by at most 2 %.
"""

import time

import numpy as np

from bench.measure import readings
from bench.measure.call import timed
from bench.measure.performance import poller_effect
from bench.measure.session import load_case
from tests.benchmarks import ruler

WITHIN = 0.02
CALLS = 100


def test_readings_leave_the_samples_alone(benchmark, tmp_path, cache):
    job = ruler.job(tmp_path, cache)
    made, _ = load_case(job, job.case.variant)
    clock = time.perf_counter_ns
    call = timed(made, clock)
    for i in range(5):
        call(i)
    poller = readings.poller(made.device, clock)
    found = benchmark.pedantic(
        poller_effect, (call, poller, CALLS, clock, 60.0), rounds=1, iterations=1
    )
    ratio = float(np.median(np.array(found.on_ns) / np.array(found.off_ns)))
    benchmark.extra_info["on / off"] = round(ratio, 4)
    benchmark.extra_info["read_us"] = round(float(np.median(found.read_ns)) / 1e3, 1)
    assert abs(ratio - 1) <= WITHIN
