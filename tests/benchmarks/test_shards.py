"""Two workers of one thread on two cores against one on one core: how well an accuracy pass divides.

The same shards of the same case, by the same workers; the two ways take turns, so that a busy moment
meets both. Run with `pytest tests/benchmarks/test_shards.py --benchmark-only`, on an idle machine.
"""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from bench.execute.local import LocalExecutor
from bench.jobs.measure import ShardJob
from bench.plan import tries
from bench.plan.setting import Setting
from bench.plan.walk import Walk
from bench.suite.load import load_suite
from tests import small

CASE = "segformer-micro/onnx-onnxruntime-fp32/cpu/scenes"
IMAGES, SHARDS, ROUNDS = 200, 2, 3
LEAST = 0.9
"""Of two cores' ideal."""


@pytest.mark.timeout(1800)
def test_two_workers_count_nearly_twice_as_fast_as_one(benchmark, tmp_path):
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        pytest.skip("there is one core")
    (case,) = (c for c in load_suite("quickstart").expand() if c.id == CASE)
    options = {**case.dataset.options, "count": IMAGES}
    case = case.asking(images=IMAGES, accuracy_limit_s=None, launches=1, work=False, ceiling=False)
    case = case.model_copy(
        update={
            "dataset": case.dataset.model_copy(update={"options": options}),
            "target": case.target.model_copy(update={"threads": 1}),
        }
    )
    setting = Setting(run=tmp_path / "run", cache=tmp_path / "cache")
    graph = tries.graph(Walk(setting, small.Quiet()), "here")
    made = graph.walk.result(graph.ready(case))
    local = LocalExecutor(setting.cache)

    def shard(k: int) -> None:
        job = graph.session(ShardJob, made, shard=(k, SHARDS), reference_absent="none is wanted")
        outcome = local.work(job, 600.0, tmp_path / f"{k}.log", lambda *words: None)
        assert outcome.report is not None, outcome.failure

    def seconds(workers: int) -> float:
        os.sched_setaffinity(0, set(cores[:workers]))
        try:
            began = time.perf_counter()
            with ThreadPoolExecutor(workers) as pool:
                list(pool.map(shard, range(SHARDS)))
            return time.perf_counter() - began
        finally:
            os.sched_setaffinity(0, set(cores))

    one: list[float] = []
    two: list[float] = []
    for _ in range(ROUNDS):
        one.append(seconds(1))
        two.append(seconds(2))
    efficiency = min(one) / min(two) / 2
    benchmark.extra_info |= {
        "one worker, s": [round(t, 2) for t in one],
        "two workers, s": [round(t, 2) for t in two],
        "efficiency": round(efficiency, 3),
    }
    print(benchmark.extra_info)
    benchmark.pedantic(lambda: None, rounds=1)
    assert efficiency >= LEAST
