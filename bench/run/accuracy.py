"""One walk over the data set: labels, counts, parity and pictures of every image."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from bench.metrics.confusion import count as count_pixels
from bench.metrics.instances import count as count_instances
from bench.metrics.overlap import categories

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bench.run.parity import ParityCounter
    from bench.run.progress import Say
    from bench.run.session import Bench

_AHEAD = 2
"""Batches that are decoded while one is computed."""


@dataclass
class Pass:
    """What one walk found."""

    counts: list[NDArray[Any]] = field(default_factory=list)
    """(C+1, C+1) of each image."""
    instances: list[Any] = field(default_factory=list)
    """Per image, or empty where the set has no instances."""
    forward_ns: list[int] = field(default_factory=list)
    wall_ns: int = 0
    seen: int = 0
    pictures: list[tuple[int, NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]]] = field(
        default_factory=list
    )
    """Index, image, truth and prediction (the set's classes)."""


def walk(bench: Bench, say: Say, parity: ParityCounter | None) -> Pass:
    """Pass over the first `bench.count` images; decoding overlaps with inference."""
    found = Pass()
    protocol = bench.case.protocol
    classes = len(bench.case.dataset.classes)
    of = categories(bench.case.dataset.classes)
    shown = protocol.gallery_images if bench.case.model.trained else 0
    began = time.monotonic_ns()
    for indices, images, x in batches(bench):
        raw, took = _forward(bench, x)
        for slot, index in enumerate(indices):
            outputs = {k: v[slot : slot + 1] for k, v in raw.items()}
            labels = bench.postprocess(outputs, bench.size, images[slot].shape[:2])
            if parity is not None:
                parity.add(index, labels, outputs)
            mapped = bench.to_dataset[labels]
            truth = bench.images.truth(index)
            found.counts.append(count_pixels(truth, mapped, classes))
            things = bench.images.instances(index)
            if things is not None:
                found.instances.append(count_instances(things, mapped, of))
            if index < shown:
                found.pictures.append((index, images[slot], truth, mapped))
            found.forward_ns.append(took // len(indices))
            found.seen += 1
        say("accuracy", found.seen, bench.count)
        limit = protocol.accuracy_limit_s
        if limit is not None and time.monotonic_ns() - began > limit * 1e9:
            break
    found.wall_ns = time.monotonic_ns() - began
    return found


def _forward(bench: Bench, x: NDArray[np.float32]) -> tuple[dict[str, NDArray[np.float32]], int]:
    """Outputs of a batch, and the nanoseconds of its forward call."""
    fed = bench.session.copy_in(x)
    start = time.perf_counter_ns()
    raw = bench.session.forward(fed)
    bench.device.synchronize()
    took = time.perf_counter_ns() - start
    return bench.session.copy_out(raw), took


def batches(
    bench: Bench,
) -> Iterator[tuple[list[int], list[NDArray[np.uint8]], NDArray[np.float32]]]:
    """Indices, images and input of every batch; the last one is filled up with its own image."""
    size = bench.case.protocol.batch_size
    groups = [list(range(i, min(i + size, bench.count))) for i in range(0, bench.count, size)]

    def prepare(group: list[int]) -> tuple[list[NDArray[np.uint8]], NDArray[np.float32]]:
        loaded = [bench.load(i) for i in group]
        inputs = [x for _, x in loaded]
        inputs += [inputs[-1]] * (size - len(inputs))
        x = inputs[0] if size == 1 else np.concatenate(inputs)
        return [image for image, _ in loaded], x

    pool = ThreadPoolExecutor(1)
    try:
        ahead = [pool.submit(prepare, g) for g in groups[:_AHEAD]]
        for i, group in enumerate(groups):
            images, x = ahead.pop(0).result()
            if i + _AHEAD < len(groups):
                ahead.append(pool.submit(prepare, groups[i + _AHEAD]))
            yield group, images, x
    finally:  # also where the walk is left early, at its time limit
        pool.shutdown(cancel_futures=True)
