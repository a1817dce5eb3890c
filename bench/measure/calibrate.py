"""Images for the steps that quantize: ranges of activations, and a metric that judges the artifact."""

import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench import registry
from bench.errors import CaseFailed
from bench.exporters.base import Validation
from bench.exporters.calibration import Chosen, choose
from bench.jobs.base import SessionJob
from bench.jobs.prepare import ArtifactJob
from bench.measure.accuracy import stored
from bench.measure.session import EvalSetup, open_setup, read
from bench.tasks.base import mean
from bench.transforms.geometry import Geometry


def images(job: ArtifactJob) -> Chosen:
    """Images of the variant's calibration set.

    Raises:
        CaseFailed: it has none, or they are those that are judged.
    """
    asked, dataset = job.case.variant.calibration, job.case.dataset
    if asked is None:
        raise CaseFailed(
            f"The variant {job.case.variant.name!r} quantizes with ranges and names no "
            "[calibration]."
        )
    if asked.split == dataset.split:
        raise CaseFailed(
            f"Calibration on the split {asked.split!r} would show the quantizer the images that "
            "are evaluated.",
            "Name another split.",
        )
    return choose(dataset, Path(job.cache), asked)


def inputs(job: ArtifactJob, chosen: Chosen, indices: Iterable[int]) -> tuple[NDArray[Any], ...]:
    """Preprocessed images, float32 (N, C, h, w), each repeated to the batch; of several windows the first."""
    case = job.case
    preprocess = registry.load("preprocess", case.protocol.preprocess)
    geometry = Geometry.of(case.protocol)
    found = (
        geometry.cut(read(chosen.images, i, case), case.model.pixels, job.size, preprocess)[:1]
        for i in indices
    )
    batch = case.protocol.batch_size
    return tuple(x if batch == 1 else np.repeat(x, batch, axis=0) for x in found)


def validation(job: ArtifactJob, chosen: Chosen) -> Validation | None:
    """Labelled images of the calibration set, judged by the task's headline; None where there is no accuracy.

    Raises:
        CaseFailed: the set holds none, or an image takes several passes.
    """
    case, indices = job.case, chosen.validation
    if case.model.unjudged:
        return None
    if not indices:
        raise CaseFailed(
            f"The variant {case.variant.name!r} controls the accuracy, and its calibration set holds no "
            "images for that.",
            'Write calibration = { split = "train", images = 32, validation = 32 }.',
        )
    if not Geometry.of(case.protocol).once:
        raise CaseFailed(
            f"The variant {case.variant.name!r} controls the accuracy of one pass an image, and the "
            "protocol asks for several.",
            "Leave out scales, flip and the geometry `sliding`.",
        )
    opens = SessionJob(case=case, data=job.data, cache=job.cache, size=job.size)
    setup = replace(open_setup(opens), images=chosen.images)

    def judge(
        outputs: Iterable[tuple[int, Mapping[str, NDArray[Any]]]],
    ) -> tuple[float, list[float]]:
        return _judged(setup, [(indices[i], found) for i, found in outputs])

    return Validation(inputs(job, chosen, indices), judge)


def _judged(
    setup: EvalSetup, found: list[tuple[int, Mapping[str, NDArray[Any]]]]
) -> tuple[float, list[float]]:
    """Headline metric over all images, and of each alone (NaN counts as 0)."""
    task, dataset = setup.task, setup.case.dataset
    tallies, classified = [], []
    for index, outputs in found:
        size = setup.images.image(index).shape[:2]
        prediction = task.mapped(setup.predict(outputs, size), setup.to_dataset)
        inside = setup.images.instances(index) if task.instances else None
        tallies.append(task.tally(task.truth(setup.images, index), prediction, dataset, inside))
        classified.append(task.classified(prediction))
    seen = {
        "classes": dataset.classes,
        "images": tuple(setup.images.names[i] for i, _ in found),
        "asked": len(found),
        "groups": (),
        "classified": tuple(classified),
    }
    with tempfile.TemporaryDirectory() as scratch:
        kept = stored(Path(scratch), "validation", task.measured(tallies, seen))
        counts = next(m for m in kept if task.kind in {m.kind, getattr(m, "name", "")})
        of = task.ratios(counts, Path(scratch))[task.class_metric]
    each = [float(mean(of.at(np.array([i])).pooled())) for i in range(len(found))]
    return float(mean(of.pooled())), np.nan_to_num(each).tolist()
