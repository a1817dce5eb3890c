"""The executor alone: nodes, jobs, and what may happen to them."""

import os
import shutil
import time
from pathlib import Path

import numpy as np
import psutil
import pytest

import bench
from bench.errors import BadInput
from bench.execute import ray as leaf
from bench.execute.ray import RayExecutor
from bench.jobs.prepare import DatasetJob, WeightsJob
from bench.suite.dataset import Dataset
from tests import small
from tests.ray.found import worker


def job(tmp_path, kind=WeightsJob, **fields):
    of = small.model(small.conv_graph(tmp_path / "conv.onnx"))
    block = small.block(of, small.folder(small.pictures(tmp_path / "pictures")))
    (case,) = small.suite(block).expand()
    return kind(case=case, **fields)


def endless(tmp_path):
    """Job that draws pictures for some minutes."""
    options = {"seed": 1, "height": 512, "width": 1024, "count": 5000}
    scenes = Dataset(name="scenes", loader="scenes", options=options)
    one = job(tmp_path, DatasetJob)
    return one.model_copy(update={"case": one.case.model_copy(update={"dataset": scenes})})


def submit(executor, one, place, tmp_path, timeout_s=100.0, said=None):
    said = [] if said is None else said
    log = tmp_path / "logs" / f"{place}.log"
    return executor.submit(
        one, place=place, timeout_s=timeout_s, log=log, progress=lambda *words: said.append(words)
    )


def test_every_node_is_a_place_and_does_jobs_with_its_own_cache(executor, nodes, tmp_path):
    assert executor.capabilities().places == ("left", "right")
    said = []
    futures = {
        place: submit(executor, job(tmp_path, DatasetJob), place, tmp_path, said=said)
        for place in ("left", "right")
    }
    found = {place: future.result(100) for place, future in futures.items()}
    for outcome in found.values():
        assert outcome.report is not None, outcome.failure
        assert outcome.report.images == 3
        assert not outcome.lost
    assert ("dataset", 0, 1) in said


def test_the_threads_are_the_jobs_though_ray_says_one(executor, nodes, tmp_path):
    future = submit(executor, endless(tmp_path).model_copy(update={"threads": 3}), "left", tmp_path)
    process = worker(nodes.cache("left"))
    assert process.environ()["OMP_NUM_THREADS"] == "3"
    assert process.nice() == 0
    process.kill()
    assert future.result(60).failure.type == "SIGKILL"


def test_what_a_step_says_when_it_fails_comes_back(executor, tmp_path):
    one = job(tmp_path, DatasetJob)
    gone = one.case.dataset.model_copy(update={"root": str(tmp_path / "nowhere")})
    one = one.model_copy(update={"case": one.case.model_copy(update={"dataset": gone})})
    outcome = submit(executor, one, "left", tmp_path).result(100)
    assert outcome.failure.type == "DatasetError"
    assert "nowhere" in outcome.failure.message
    assert not outcome.lost


def test_a_node_that_dies_loses_its_job_and_is_no_place_any_more(nodes, tmp_path):
    cache = nodes.add("victim")
    executor = RayExecutor(tmp_path / "unused", nodes.address)
    try:
        future = submit(executor, endless(tmp_path), "victim", tmp_path)
        process = worker(cache)
        nodes.kill("victim")
        outcome = future.result(60)
        assert outcome.lost
        assert "victim died" in outcome.failure.message, outcome
        assert executor.capabilities().places == ("left", "right")
        again = submit(executor, job(tmp_path), "victim", tmp_path).result(10)
        assert again.lost
        psutil.wait_procs([process], timeout=20)
        assert not process.is_running()
    finally:
        executor.close()


def test_a_node_whose_memory_runs_out_loses_its_job(nodes, tmp_path):
    # Ray's monitor ends a task where the machine uses more than a share of its memory. All nodes are
    # on this machine; this one's share is 1 GiB away, and then the test takes as much.
    threshold = (psutil.virtual_memory().used + 2**30) / psutil.virtual_memory().total
    monitor = {"memory_usage_threshold": f"{threshold:.4f}", "memory_monitor_refresh_ms": "100"}
    cache = nodes.add("tight", **{f"RAY_{k}": v for k, v in monitor.items()})
    executor = RayExecutor(tmp_path / "unused", nodes.address)
    taken = []
    try:
        future = submit(executor, endless(tmp_path), "tight", tmp_path)
        worker(cache)
        while not future.done() and len(taken) < 40:
            taken.append(np.ones(2**27 // 8))
            time.sleep(0.05)
        outcome = future.result(30)
        assert outcome.lost
        assert outcome.failure.type == "out of memory", outcome
        assert "memory of tight" in outcome.failure.message
    finally:
        taken.clear()
        executor.close()
        nodes.kill("tight")


def test_a_job_that_runs_too_long_ends_on_its_node(executor, nodes, tmp_path):
    outcome = submit(executor, endless(tmp_path), "left", tmp_path, timeout_s=2).result(60)
    assert outcome.failure.type == "timeout"
    assert not outcome.lost


def test_a_job_whose_node_stops_answering_is_given_up(executor, nodes, tmp_path, monkeypatch):
    monkeypatch.setattr(leaf, "GRACE_S", 3.0)
    future = submit(executor, endless(tmp_path), "right", tmp_path, timeout_s=3)
    process = worker(nodes.cache("right"))
    task = process.parent()
    task.suspend()
    try:
        outcome = future.result(60)
        assert outcome.lost
        assert outcome.failure.type == "timeout"
        assert "right did not answer" in outcome.failure.message
    finally:
        if task.is_running():
            task.resume()


def test_what_still_runs_ends_when_the_executor_closes(nodes, tmp_path):
    executor = RayExecutor(tmp_path / "unused", nodes.address)
    submit(executor, endless(tmp_path), "left", tmp_path)
    process = worker(nodes.cache("left"))
    executor.close()
    _, alive = psutil.wait_procs([process], timeout=20)
    assert not alive


def test_a_node_with_other_code_is_refused_and_named(nodes, tmp_path, monkeypatch):
    other = tmp_path / "other"
    shutil.copytree(
        Path(bench.__file__).parent, other / "bench", ignore=shutil.ignore_patterns("__pycache__")
    )
    with (other / "bench/measure/accuracy.py").open("a") as file:
        file.write("# changed\n")
    monkeypatch.chdir(tmp_path)  # Ray lets workers import from the driver's current folder
    nodes.add("old", PYTHONPATH=str(other))
    executor = RayExecutor(tmp_path / "unused", nodes.address)
    try:
        found = executor.capabilities()
        assert found.places == ("left", "right")
        assert "segbench's code is" in found.refused["old"]
        assert submit(executor, job(tmp_path), "old", tmp_path).result(10).lost
    finally:
        executor.close()
        nodes.kill("old")


def test_a_node_with_another_runtime_is_refused_and_named(nodes, tmp_path):
    fake = tmp_path / "fake" / "onnxruntime-0.1.dist-info"
    fake.mkdir(parents=True)
    (fake / "METADATA").write_text("Metadata-Version: 2.1\nName: onnxruntime\nVersion: 0.1\n")
    path = os.pathsep.join([str(fake.parent), os.environ.get("PYTHONPATH", "")])
    nodes.add("stale", PYTHONPATH=path)
    executor = RayExecutor(tmp_path / "unused", nodes.address)
    try:
        assert executor.capabilities().places == ("left", "right")
        assert "onnxruntime is 0.1 there and" in executor.capabilities().refused["stale"]
    finally:
        executor.close()
        nodes.kill("stale")


def test_no_cluster_at_the_address_is_one_sentence(tmp_path):
    with pytest.raises(BadInput, match=r"There is no Ray cluster at '127\.0\.0\.1:1'"):
        RayExecutor(tmp_path, "127.0.0.1:1")
