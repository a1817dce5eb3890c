"""What a node of a cluster does for an executor elsewhere: describe itself, and jobs."""

import contextlib
import json
import os
import platform
import queue
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench import registry, resources
from bench.execute import probe
from bench.execute.base import Outcome
from bench.execute.process import drop as remove
from bench.execute.process import outcome
from bench.jobs.base import Job, Report
from bench.jobs.prepare import ProbeJob
from bench.jobs.steps import read
from bench.record.result import Failure

Said = tuple[str, int, int] | tuple[Outcome, bytes]

OFTEN_S = 0.2
"""Least seconds between two words of progress in one phase that cross the network."""


def describe() -> dict[str, str]:
    """What must be equal on all nodes: our code, python, and every runtime that is there."""
    needed = {"numpy", "opencv-python-headless"}
    for kind in ("backend", "exporter", "model"):
        for name in registry.entries(kind):
            needed |= set(registry.load(kind, name).needs)
    versions = {name: registry.version(name) for name in sorted(needed)}
    return {
        "segbench's code": resources.code_of((".",)),
        "python": ".".join(platform.python_version_tuple()[:2]),
        # A CPU build and a CUDA build of the same version tell themselves apart after a plus.
        **{name: v.partition("+")[0] for name, v in versions.items() if v is not None},
    }


def difference(own: Mapping[str, str], other: Mapping[str, str]) -> str:
    """Empty, or in what a node differs from this machine; what only one of them has is left out."""
    return ", ".join(
        f"{name} is {other[name]} there and {mine} here"
        for name, mine in own.items()
        if other.get(name, mine) != mine
    )


def work(text: str, timeout_s: float) -> Iterator[Said]:
    """Progress of a job, then its outcome and its log."""
    job, cache = read(json.loads(text)), resources.cache_dir()
    if isinstance(job, ProbeJob):
        yield Outcome(report=probe.answer(job)), b""
        return
    said: queue.SimpleQueue[Any] = queue.SimpleQueue()
    with tempfile.TemporaryDirectory(prefix="segbench-") as home:
        log = Path(home) / "worker.log"

        def run() -> None:
            # Ray lowers the priority of its workers (RAY_worker_niceness), and ours inherits it.
            with contextlib.suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, 0, 0)
            try:
                done = outcome(job, cache, timeout_s, log, lambda *words: said.put(words))
            except OSError as e:
                done = lost(job, type(e).__name__, f"{e.strerror} ({e.filename}).")
            # The kernel kills where memory runs out; another node may have more.
            killed = done.failure is not None and done.failure.type == "SIGKILL"
            said.put(replace(done, lost=done.lost or killed))

        threading.Thread(target=run, daemon=True).start()
        phase, told = "start", time.monotonic()
        yield phase, 0, 1
        while isinstance(one := said.get(), tuple):
            if one[0] != phase or time.monotonic() - told > OFTEN_S:
                phase, told = one[0], time.monotonic()
                yield one
        yield one, log.read_bytes() if log.exists() else b""


def stands(text: str) -> Report | None:
    """Report of a job whose result lies in this node's cache."""
    return read(json.loads(text)).stands(resources.cache_dir())


def drop(names: Sequence[str]) -> None:
    """Remove folders from this node's cache."""
    remove(resources.cache_dir(), names)


def lost(job: Job, kind: str, message: str) -> Outcome:
    """Outcome of a job that may be done again elsewhere."""
    return Outcome(failure=Failure(step=job.step, type=kind, message=message), lost=True)
