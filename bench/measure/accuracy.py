"""One walk over the data set: labels, counts, parity and pictures of every image."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.measure.parity import ParityCounter
from bench.measure.pipeline import Pipeline

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from bench.measure.parity import Compared
    from bench.measure.progress import Say
    from bench.measure.session import EvalSetup, LoadedCase
    from bench.tasks.base import Tally

    Picture = tuple[int, NDArray[np.uint8], Any, Any]
    """Index, image, truth and prediction (the set's classes)."""


@dataclass
class Pass:
    """What one walk found."""

    tallies: list[Tally] = field(default_factory=list)
    """Counts of each image."""
    classified: list[int] = field(default_factory=list)
    """Pixels of each image that were predicted as any class."""
    forward_ns: list[int] = field(default_factory=list)
    wall_ns: int = 0
    indices: list[int] = field(default_factory=list)
    """Images that were seen, by position in the set."""
    pictures: list[Picture] = field(default_factory=list)


@dataclass(frozen=True)
class Counted:
    """What one image's outputs gave."""

    tally: Tally
    classified: int
    compared: Compared | None
    picture: Picture | None


@dataclass(frozen=True)
class Counting:
    """Outputs -> counts; the same work in this process and in one beside it."""

    setup: EvalSetup
    parity: ParityCounter | None

    def __call__(
        self, index: int, image: NDArray[np.uint8], outputs: Mapping[str, NDArray[np.float32]]
    ) -> Counted:
        """Counts, comparison and picture of one image."""
        setup, case, task = self.setup, self.setup.case, self.setup.task
        found = setup.predict(outputs, image.shape[:2])
        compared = self.parity.compare(index, found, outputs) if self.parity else None
        prediction = task.mapped(found, setup.to_dataset)
        truth = task.truth(setup.images, index)
        inside = setup.images.instances(index) if task.instances else None
        shown = case.model.trained and index < case.protocol.gallery_images
        return Counted(
            tally=task.tally(truth, prediction, case.dataset, inside),
            classified=task.classified(prediction),
            compared=compared,
            picture=(index, image, truth, prediction) if shown else None,
        )


def counting(setup: EvalSetup, reference: str | None) -> Counting:
    """The same in a process of its own; `reference` is the folder of the reference's outputs."""
    images = setup.case.protocol.parity_images
    folder = Path(reference) if reference else None
    return Counting(setup, ParityCounter(folder, images, setup.task) if folder else None)


def walk(loaded: LoadedCase, say: Say, parity: ParityCounter | None) -> Pass:
    """Pass over the first `loaded.count` images, or the job's shard of them.

    All but the model runs beside it where it can.
    """
    found = Pass()
    limit = loaded.case.protocol.accuracy_limit_s
    reference = None if parity is None else str(parity.folder)
    began = time.monotonic_ns()
    with Pipeline(loaded, Counting(loaded, parity), f"{__name__}:counting", reference) as line:
        for indices, x in line.batches():
            raw, took = _forward(loaded, x)
            line.give(indices, raw)
            found.forward_ns += [took // len(indices)] * len(indices)
            found.indices += indices
            say("accuracy", len(found.indices), line.images)
            if limit is not None and time.monotonic_ns() - began > limit * 1e9:
                break
        for image in line.results():
            _add(found, image, parity)
    found.wall_ns = time.monotonic_ns() - began
    return found


def _add(found: Pass, image: Counted, parity: ParityCounter | None) -> None:
    found.tallies.append(image.tally)
    found.classified.append(image.classified)
    if image.picture is not None:
        found.pictures.append(image.picture)
    if parity is not None:
        parity.take(image.compared)


def _forward(
    loaded: LoadedCase, x: NDArray[np.float32]
) -> tuple[dict[str, NDArray[np.float32]], int]:
    """Outputs of a batch, and the nanoseconds of its forward call."""
    fed = loaded.session.copy_in(x)
    start = time.perf_counter_ns()
    raw = loaded.session.forward(fed)
    loaded.device.synchronize()
    took = time.perf_counter_ns() - start
    return loaded.session.copy_out(raw), took
