"""Paired differences of 500 images, mean and every class, over one jackknife of the same counts.

The bootstrap takes 2000 resamples; the ratio says what they cost beside the N of the jackknife.
"""

import statistics
import time

import numpy as np

from bench.metrics import intervals
from bench.tasks import overlap
from bench.tasks.base import Ratios

IMAGES, CLASSES, ROUNDS = 500, 19, 7


def test_what_resampling_costs(benchmark):
    rng = np.random.default_rng(0)
    counts = rng.integers(0, 5000, (IMAGES, CLASSES + 1, CLASSES + 1))
    names = tuple(f"c{i}" for i in range(CLASSES))
    a, b = (Ratios(names, *overlap.parts(c)) for c in (counts, counts[:, :, ::-1]))

    def differences():
        found = intervals.Differences(a, b)
        return found.mean, found.each

    def jackknife():
        return intervals.mean_interval(a), intervals.each_interval(a)

    spent = {differences: [], jackknife: []}
    for _ in range(ROUNDS):
        for function, seconds in spent.items():
            began = time.perf_counter()
            assert function()
            seconds.append(time.perf_counter() - began)
    ms = [1e3 * statistics.median(seconds) for seconds in spent.values()]
    benchmark.extra_info.update(differences_ms=ms[0], jackknife_ms=ms[1], ratio=ms[0] / ms[1])
    print(benchmark.extra_info)
    benchmark.pedantic(differences, rounds=3)
