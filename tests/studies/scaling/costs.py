"""What each kind of step costs, measured on a Ray cluster of two nodes on this machine."""

from __future__ import annotations

import statistics
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.execute.ray import RayExecutor
from bench.plan import sharding
from bench.plan.run import measure
from bench.plan.setting import Setting
from bench.suite.load import load_suite
from tests import small
from tests.studies.scaling.model import Costs

SUITE, CASE = "quickstart", "segformer-micro/onnx-onnxruntime-fp32/cpu/scenes"
PREPARE = ("weights", "dataset", "artifact")
COUNTING = ("shard", "reference")
"""Steps that walk over a shard's images, one after the other."""
SHARDS = 4


@dataclass
class Seen:
    """What one run cost."""

    images: int
    walls: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    """Step -> seconds of each job on its node."""
    inside: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    """Step -> seconds within it that its images (shard, reference) or its timing (case) took."""
    over: list[float] = field(default_factory=list)
    """Seconds that a job took beyond its work on the node."""
    submits: list[float] = field(default_factory=list)
    """Seconds of the parent for a job."""
    merges: list[float] = field(default_factory=list)


def measured(address: str, home: Path, few: int, many: int) -> Costs:
    """Costs of the steps, from runs over few and over many images."""
    return fitted(*(seen(address, home / str(images), images) for images in (few, many)))


def fitted(few: Seen, many: Seen) -> Costs:
    """Costs, from two runs whose numbers of images differ: a constant, and more for each image."""

    def line(one: float, other: float) -> tuple[float, float]:
        slope = max(0.0, (other - one) / (many.images - few.images))
        return max(0.0, one - slope * few.images), slope

    def prepare(run: Seen) -> float:  # each of the two nodes did it
        return sum(sum(run.walls[step]) for step in PREPARE) / 2

    constant, image = line(prepare(few), prepare(many))
    merge, merge_image = line(*(statistics.median(r.merges) for r in (few, many)))
    return Costs(
        prepare=constant,
        prepare_image=image,
        load=sum(
            statistics.median(map(float.__sub__, many.walls[step], many.inside[step]))
            for step in COUNTING
        ),
        image=sum(sum(many.inside[step]) for step in COUNTING) / many.images,
        timing=statistics.median(many.inside["case"]),
        submit=statistics.median(many.submits),
        network=statistics.median(many.over),
        merge=merge,
        merge_image=merge_image,
    )


def seen(address: str, home: Path, images: int) -> Seen:
    """One sharded run over so many images."""
    found = Seen(images)
    suite = load_suite(SUITE)
    (case,) = (c for c in suite.expand() if c.id == CASE)
    options = {**case.dataset.options, "count": images}
    case = case.asking(
        shards=SHARDS, images=images, accuracy_limit_s=None, launches=1, work=False, ceiling=False
    ).model_copy(update={"dataset": case.dataset.model_copy(update={"options": options})})
    case = case.model_copy(update={"target": case.target.model_copy(update={"threads": 1})})
    setting = Setting(run=home, cache=home / "unused", executor="ray", address=address)
    submit, outcome = RayExecutor.submit, sharding.Pool.outcome
    RayExecutor.submit = _submit(submit, found)  # type: ignore[method-assign]
    sharding.Pool.outcome = _outcome(outcome, found)  # type: ignore[method-assign]
    try:
        (result,) = measure(suite, (case,), setting, small.Quiet())
    finally:
        RayExecutor.submit, sharding.Pool.outcome = submit, outcome  # type: ignore[method-assign]
    if result.status != "ok":
        raise RuntimeError(result.reason)
    return found


def _submit(real: Any, found: Seen) -> Any:
    """The executor's, with a clock."""

    def submit(self: RayExecutor, job: Any, **more: Any) -> Any:
        began = time.monotonic()
        future = real(self, job, **more)
        found.submits.append(time.monotonic() - began)

        def done(future: Any) -> None:
            wall = time.monotonic() - began
            outcome = future.result()
            if outcome.report is None or job.step == "probe":
                return
            found.walls[job.step].append(outcome.wall_s)
            found.over.append(max(0.0, wall - outcome.wall_s))
            if job.step == "reference":
                found.inside[job.step].append(outcome.report.wall_s)
            elif job.step in {"shard", "case"}:
                kind = "accuracy_s" if job.step == "shard" else "timing_s"
                found.inside[job.step].append(outcome.report.times[kind])

        future.add_done_callback(done)
        return future

    return submit


def _outcome(real: Any, found: Seen) -> Any:
    """The pool's, with a clock."""

    def outcome(*words: Any) -> Any:
        began = time.monotonic()
        try:
            return real(*words)
        finally:
            found.merges.append(time.monotonic() - began)

    return outcome
