"""Whole runs on a cluster, against the same runs on this machine."""

import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest

from bench.plan.run import measure
from bench.plan.setting import Setting
from bench.suite.dataset import Dataset
from bench.suite.target import Requires, Target
from tests import small
from tests.ray.found import worker

IMAGES = 7
KINDS = ("confusion", "parity", "flips", "gallery")
LONG = {"scenario": "constant_stream", "rate": 10.0, "iterations": 30}
"""Settings of a timing that takes 3 s."""
ROOT = Path(__file__).resolve().parents[2]


def asked(home, models=1, targets=(small.CPU,), data=None, **protocol):
    """Suite of as many cases as models and targets, with pictures enough for some shards."""
    data = data or small.folder(small.pictures(home / "pictures", IMAGES))
    rules = small.QUICK.model_copy(update={"gallery_images": 4, **protocol})
    graphs = [small.conv_graph(home / f"conv{i}.onnx") for i in range(models)]
    blocks = [
        small.block(small.model(g, name=f"conv{i}"), data, protocol=rules, targets=targets)
        for i, g in enumerate(graphs)
    ]
    return small.suite(*blocks)


def run(suite, out, nodes, listener=None):
    setting = Setting(run=out, cache=out / "unused", executor="ray", address=nodes.address)
    return measure(suite, suite.expand(), setting, listener or small.Quiet())


def accuracy(result):
    """All that a pass found, times left out; arrays by their digest."""
    assert result.status == "ok", result.reason
    return {kind: result.get(kind).model_dump() for kind in KINDS}


class At(small.Quiet):
    """Listener that does something, once, when a worker says a phase for the n-th time."""

    def __init__(self, phase, do, nth=1):
        super().__init__()
        self._phase, self._do, self._left = phase, do, nth

    def progress(self, phase, done, total):
        super().progress(phase, done, total)
        if phase == self._phase:
            self._left -= 1
            if self._left == 0:
                threading.Thread(target=self._do, daemon=True).start()


@pytest.fixture(scope="module")
def local(tmp_path_factory):
    """Home of a suite with one case, and its accuracy on this machine."""
    home = tmp_path_factory.mktemp("local")
    return home, accuracy(small.one(asked(home), home / "run", home / "cache"))


@pytest.mark.parametrize("shards", [1, 3])
def test_accuracy_equals_the_local_one_to_the_bit(local, nodes, tmp_path, shards):
    home, want = local
    out = tmp_path / "run"
    (result,) = run(asked(home, shards=shards), out, nodes)
    assert accuracy(result) == want
    arrays = result.get("confusion").arrays.file
    assert (out / "cases" / arrays).read_bytes() == (home / "run/cases" / arrays).read_bytes()
    pictures = [sorted(p.name for p in (at / "media").iterdir()) for at in (out, home / "run")]
    assert pictures[0] == pictures[1]
    assert len(result.get("accuracy_pass").forward_ns) == IMAGES
    assert result.get("timing").launches[0].end_to_end_ns
    assert result.environment.place in {"left", "right"}
    assert {m.kind for m in result.measurements} == {*KINDS, "accuracy_pass", "timing", "memory"}
    if shards > 1:
        again = small.Quiet()
        assert run(asked(home), out, nodes, again) == (result,)
        assert again.done == [(result.case.id, "ok", True)]


def test_cases_on_a_node_that_dies_are_measured_elsewhere_and_the_others_stand(nodes, tmp_path):
    nodes.add("victim")
    killed = At("timing", lambda: nodes.kill("victim"), nth=3)
    results = run(asked(tmp_path, models=3, **LONG), tmp_path / "run", nodes, killed)
    assert [r.status for r in results] == ["ok", "ok", "ok"]
    assert {r.environment.place for r in results} <= {"left", "right"}
    begun = [case for case, what in killed.steps if what == "measuring"]
    assert sorted(map(begun.count, set(begun))) == [1, 1, 2]


def test_shards_of_a_node_that_dies_are_counted_elsewhere_to_the_bit(local, nodes, tmp_path):
    home, want = local
    cache = nodes.add("victim")

    def kill():
        worker(cache)
        nodes.kill("victim")

    (result,) = run(asked(home, shards=4), tmp_path / "run", nodes, At("accuracy", kill))
    assert accuracy(result) == want


def test_a_case_whose_process_is_killed_for_memory_goes_to_another_node(nodes, tmp_path):
    """Where memory runs out, Linux kills with SIGKILL; here the test does."""
    over = threading.Event()

    def kill():
        while not over.is_set():
            try:
                worker(nodes.cache("left"), limit_s=1).kill()
            except (AssertionError, psutil.Error):
                continue

    try:
        (result,) = run(asked(tmp_path, **LONG), tmp_path / "run", nodes, At("timing", kill))
    finally:
        over.set()
    assert result.status == "ok"
    assert result.environment.place == "right"


def test_where_every_node_loses_a_case_it_fails_with_a_sentence_and_the_others_stand(
    nodes, tmp_path
):
    over, slow = threading.Event(), small.model(small.conv_graph(tmp_path / "slow.onnx"), "slow")
    suite = asked(tmp_path, **LONG)
    quick = small.block(slow, suite.blocks[0].dataset)
    suite = small.suite(quick, *suite.blocks)

    def kill():
        while not over.is_set():
            for side in ("left", "right"):
                try:
                    worker(nodes.cache(side), limit_s=0.2).kill()
                except (AssertionError, psutil.Error):
                    continue

    class Second(small.Quiet):
        def finished(self, result, *, stood):
            super().finished(result, stood=stood)
            threading.Thread(target=kill, daemon=True).start()

    try:
        first, second = run(suite, tmp_path / "run", nodes, Second())
    finally:
        over.set()
    assert first.status == "ok"
    assert second.status == "failed"
    assert "memory runs out" in second.reason
    assert re.search(r"It was tried at (left and right|right and left)\.", second.reason)


def test_an_idle_node_repeats_the_shard_of_one_that_hangs(local, nodes, tmp_path):
    home, want = local
    hung = []

    def hang():
        process = worker(nodes.cache("left"))
        process.suspend()
        hung.append(process)

    (result,) = run(asked(home, shards=7), tmp_path / "run", nodes, At("accuracy", hang, nth=5))
    assert accuracy(result) == want
    _, alive = psutil.wait_procs(hung, timeout=20)
    assert hung
    assert not alive


def test_a_target_chooses_the_nodes_that_fit(nodes, tmp_path):
    if len(os.sched_getaffinity(0)) < 2:
        pytest.skip("nodes of one and of two processors are needed")
    whole = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(whole)})
    try:
        nodes.add("a-narrow")  # the first by name
    finally:
        os.sched_setaffinity(0, whole)
    wide = Target(name="wide", threads=1, requires=Requires(cores=2))
    none = Target(name="none", threads=1, requires=Requires(cores=2, processor="abacus"))
    try:
        results = run(asked(tmp_path, targets=(small.CPU, wide, none)), tmp_path / "run", nodes)
    finally:
        nodes.kill("a-narrow")
    anywhere, chosen, nowhere = results
    assert anywhere.environment.place == "a-narrow"
    assert anywhere.environment.machine.cores == 1
    assert chosen.environment.place in {"left", "right"}
    assert chosen.environment.machine.cores == len(whole)
    assert nowhere.status == "skipped"
    assert nowhere.reason.startswith(
        "no node runs it; nearest is left: target 'none' requires proc"
    )


def test_a_node_with_other_images_is_left_out_and_named(nodes, tmp_path):
    for seed, name in enumerate(("ours", "theirs")):
        small.pictures(tmp_path / name / "pictures", IMAGES, seed=seed)
    os.environ["HOME"], home = str(tmp_path / "ours"), os.environ["HOME"]
    try:
        for node, name in (("same", "ours"), ("strange", "theirs")):
            nodes.add(node, HOME=str(tmp_path / name))
        data = Dataset(name="blocks", loader="folder", root="~/pictures", classes=small.CLASSES)
        target = Target(name="cpu", threads=1)
        suite = asked(tmp_path, data=data, targets=(target,), shards=3)
        (result,) = run(suite, tmp_path / "run", nodes)
    finally:
        os.environ["HOME"] = home
        for node in ("same", "strange"):
            nodes.kill(node)
    # Both have a folder of that name, with other images; `left` and `right` have none.
    assert result.status == "ok", result.reason
    assert result.environment.place == "same"
    again = small.folder(tmp_path / "ours/pictures")
    want = small.one(asked(tmp_path, data=again), tmp_path / "local", tmp_path / "cache")
    assert accuracy(result) == accuracy(want)


def test_interrupting_ends_what_runs_on_the_nodes(nodes, tmp_path):
    suite = small.write_suite(tmp_path)
    rules = "\n".join(f"{k} = {v}" for k, v in {**LONG, "scenario": '"constant_stream"'}.items())
    text = suite.read_text().replace("iterations = 5\n", f"{rules}\n")
    suite.write_text(text)
    words = ["run", str(suite), "--executor", "ray", "--address", nodes.address, "--shards", "2"]
    command = [sys.executable, "-m", "bench", *words, "--out", str(tmp_path / "run")]
    with subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, stderr=subprocess.PIPE
    ) as cli:
        found = [worker(nodes.cache("left"))]
        cli.send_signal(signal.SIGINT)
        _, said = cli.communicate(timeout=60)
    assert cli.returncode == 130, said
    _, alive = psutil.wait_procs(found, timeout=20)
    assert not alive
