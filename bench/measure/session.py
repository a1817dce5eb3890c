"""Opening a case's session inside a worker, and feeding it one batch."""

import importlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from bench import registry
from bench.backends.base import OpenJob, Session
from bench.datasets.base import VOID, Images
from bench.devices.base import Device
from bench.errors import CaseFailed, DatasetError, Unsupported
from bench.jobs.base import SessionJob
from bench.measure import memory
from bench.suite.case import Case
from bench.suite.model import Model
from bench.suite.variant import Variant
from bench.tasks.base import Task, task_of
from bench.transforms.base import Preprocess
from bench.transforms.corruptions.base import corrupted
from bench.transforms.geometry import STRETCH, Geometry


@dataclass(kw_only=True)
class EvalSetup:
    """What happens to an image before and after the model; needs no session."""

    case: Case
    size: tuple[int, int]
    images: Images
    count: int
    """Images to evaluate."""
    preprocess: Preprocess
    postprocess: Any
    """`(outputs, size, image_size)` -> prediction."""
    task: Task
    to_dataset: NDArray[np.uint8]
    """Model's class -> the set's class, uint8 (256,); VOID where it has none."""
    geometry: Geometry = STRETCH
    takes: Literal["tensor", "image"] = "tensor"
    """What the session is fed."""
    job: SessionJob | None = None
    """Job that it was opened for; None in tests."""

    def load(self, index: int) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        """Image of one position, corrupted where the protocol says so, and the model's input."""
        protocol = self.case.protocol
        image = read(self.images, index, self.case)
        if protocol.corruption:
            name = self.images.names[index]
            image = corrupted(image, protocol.corruption, protocol.seed, name)
        return image, self.prepare(image)

    def prepare(self, image: NDArray[Any]) -> NDArray[np.float32]:
        """The session's input, float32 (passes, C, h, w), or the image itself where it takes one.

        There is one pass unless the geometry asks for more. An image is uint8 (1, H, W, 3).
        """
        if self.takes == "image":
            return np.asarray(image)[None]
        return self.geometry.cut(image, self.case.model.pixels, self.size, self.preprocess)

    def predict(
        self, outputs: Mapping[str, NDArray[np.float32]], image_size: tuple[int, int]
    ) -> Any:
        """Prediction for the first image, of the model's classes, at `image_size`."""
        if not self.case.model.unjudged:
            check_channels(self.case.model, outputs)
        return self.postprocess(outputs, self.size, image_size)


@dataclass(kw_only=True)
class LoadedCase(EvalSetup):
    """Everything that a case or reference works with."""

    session: Session
    device: Device

    def infer(self, x: NDArray[np.float32]) -> tuple[dict[str, NDArray[np.float32]], int]:
        """Named outputs of one call, and the nanoseconds of the forward phase."""
        fed = self.session.copy_in(x)
        start = time.perf_counter_ns()
        raw = self.session.forward(fed)
        self.device.synchronize()
        took = time.perf_counter_ns() - start
        return self.session.copy_out(raw), took

    def passes(self, x: NDArray[np.float32]) -> tuple[dict[str, NDArray[np.float32]], int]:
        """Named outputs of any number of passes, and the nanoseconds of their forward phases."""
        found, spent, calls = [], 0, self.calls(x)
        for part in calls:
            outputs, took = self.infer(part)
            found.append(own(outputs) if len(calls) > 1 else outputs)
            spent += took
        return joined(found, len(x)), spent

    def calls(self, x: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        """The passes, as many a call as the artifact takes; the last call is filled up with the last pass."""
        size = self.case.protocol.batch_size
        if len(x) == size:
            return [x]
        missing = [x[-1:]] * (-len(x) % size)
        whole = np.concatenate([x, *missing]) if missing else x
        return [whole[i : i + size] for i in range(0, len(whole), size)]


def own(outputs: Mapping[str, NDArray[np.float32]]) -> dict[str, NDArray[np.float32]]:
    """Copies: the arrays of a session may be those that its next call writes."""
    return {name: array.copy() for name, array in outputs.items()}


def joined(
    parts: Sequence[dict[str, NDArray[np.float32]]], passes: int
) -> dict[str, NDArray[np.float32]]:
    """Outputs of several calls as those of one, without what filled up the last."""
    if len(parts) == 1 and all(len(a) == passes for a in parts[0].values()):
        return parts[0]
    return {n: np.concatenate([p[n] for p in parts])[:passes] for n in parts[0]}


@dataclass(frozen=True)
class Opening:
    """How the session came to be: seconds and bytes."""

    import_s: float
    load_s: float
    rss_before: int
    rss_after: int


def load_case(job: SessionJob, variant: Variant) -> tuple[LoadedCase, Opening]:
    """Loaded case or reference in one variant, and how long opening took."""
    import cv2

    cv2.setNumThreads(job.threads)
    case = job.case
    began = time.monotonic()
    backend = registry.load("backend", variant.backend)()
    for name in backend.needs:
        _import_runtime(name)
    device = registry.load("device", case.target.device)()
    setup = open_setup(job)
    if backend.takes == "image":
        _whole_images(setup, variant)
    imported = time.monotonic()
    before = memory.resident()
    memory.reset_peak()
    device.reset_peak()
    session = backend.open(
        OpenJob(
            model=case.model,
            variant=variant,
            device=device,
            threads=job.threads,
            artifact=job.folder,
            size=setup.size,
            batch_size=case.protocol.batch_size,
            allow_code=job.allow_code,
        )
    )
    device.synchronize()
    opened = time.monotonic()
    loaded = LoadedCase(**vars(setup) | {"takes": backend.takes}, session=session, device=device)
    return loaded, Opening(imported - began, opened - imported, before, memory.resident())


def _whole_images(setup: EvalSetup, variant: Variant) -> None:
    """Refuse (CaseFailed) what a backend that takes an image can't do."""
    protocol, pixels = setup.case.protocol, setup.case.model.pixels
    wrong = {
        f"one image a call, not {protocol.batch_size}": protocol.batch_size != 1,
        f"whole images, not the geometry {protocol.geometry!r} with scales": not setup.geometry.plain,
        "images in RGB": pixels.channels != "rgb",
        f"label maps, not the task {protocol.task!r}": setup.task.prediction is not np.ndarray,
    }
    for takes in (words for words, there in wrong.items() if there):
        raise CaseFailed(f"The backend {variant.backend!r} takes {takes}.")


def closed(loaded: LoadedCase, opening: Opening, **spent: float) -> dict[str, Any]:
    """What the report of any session tells; the session is closed then."""
    effective = dict(loaded.session.effective)
    loaded.session.close()
    times = {"import_s": opening.import_s, "load_s": opening.load_s, **spent}
    return {"effective": effective, "times": times}


def open_setup(job: SessionJob) -> EvalSetup:
    """Data set and rules of a case or reference."""
    case, task = job.case, task_of(job.case)
    images = registry.load("dataset", case.dataset.loader)().open(case.dataset, Path(job.cache))
    return EvalSetup(
        case=case,
        size=job.size,
        images=images,
        count=image_count(case, len(images.names)),
        preprocess=registry.load("preprocess", case.protocol.preprocess),
        postprocess=_rule(task, case),
        geometry=Geometry.of(case.protocol),
        task=task,
        to_dataset=class_table(case),
        job=job,
    )


def _rule(task: Task, case: Case) -> Any:
    """The task's prediction from `(outputs, size, image_size)`; CaseFailed for another task's rule."""
    name = case.protocol.postprocess
    rule = registry.load("postprocess", name)
    if rule.prediction is not task.prediction:
        raise CaseFailed(
            f"The rule {name!r} makes no predictions of the task {case.protocol.task!r}.",
            "Leave `postprocess` out, or name a rule of the task.",
        )
    return Geometry.of(case.protocol).restored(rule, task.rule(rule.call, case))


def image_count(case: Case, there: int) -> int:
    """Images of the accuracy pass; a model without accuracy has none, only parity's images are run."""
    asked = min(there, case.protocol.images or there)
    return min(asked, max(1, case.protocol.parity_images)) if case.model.unjudged else asked


def class_table(case: Case) -> NDArray[np.uint8]:
    """Model's class -> the set's class, uint8 (256,); VOID where the set has no such class."""
    table = np.full(256, VOID, np.uint8)
    for i, name in enumerate(case.model.classes):
        there = case.dataset.namesake(name)
        table[i] = VOID if there is None else case.dataset.classes.index(there)
    return table


def read(images: Images, index: int, case: Case) -> NDArray[Any]:
    """Image of a position, (H, W, C); DatasetError where the model or corruption doesn't take its channels."""
    image = images.image(index)
    there, model = image.shape[2], case.model
    if there != model.pixels.bands:
        raise DatasetError(
            f"{images.files(index)[0]} has {there} channels, and model {model.name!r} takes "
            f"{model.pixels.bands}.",
            f"Save it as RGB, or give [model.{model.name}] pixels its `channels`, `mean` and `std`.",
        )
    if case.protocol.corruption and (there, image.dtype.name) != (3, "uint8"):
        raise DatasetError(
            f"{images.files(index)[0]} isn't 8-bit RGB; corruptions take nothing else."
        )
    return image


def check_channels(model: Model, outputs: Mapping[str, NDArray[Any]]) -> None:
    """Raise CaseFailed where the outputs aren't shaped as a class map, or lack a channel a class."""
    declared = len(model.classes)
    if "labels" in outputs:
        labels = outputs["labels"]
        found = int(labels[(labels >= 0) & (labels < VOID)].max(initial=-1)) + 1
        if found <= declared:
            return
        what = f"label {found - 1}"
    else:
        name = next(n for n in ("class_logits", "logits") if n in outputs)
        shape, rank = outputs[name].shape, {"class_logits": 3, "logits": 4}[name]
        if len(shape) != rank:
            wanted = "(N, Q, C + 1)" if rank == 3 else "(N, C, h, w)"
            raise CaseFailed(
                f"Model {model.name!r} returns {name} of shape {list(shape)}; {wanted} is needed."
            )
        found = shape[2] - 1 if rank == 3 else shape[1]
        if found == declared:
            return
        what = f"logits of {found} classes"
    raise CaseFailed(
        f"Model {model.name!r} returns {what}, and the suite declares {declared} classes.",
        f"Give [model.{model.name}] `classes` = {found} names, in the order of the channels.",
    )


def _import_runtime(distribution: str) -> None:
    """Import a runtime now, so that its time and memory don't count as the model's."""
    module = {"opencv-python-headless": "cv2"}.get(distribution, distribution.replace("-", "_"))
    try:
        importlib.import_module(module)
    except ImportError as e:
        if "failed to map segment" in str(e):  # the target's memory limit, not the installation
            raise MemoryError(str(e)) from e
        raise Unsupported(
            f"{distribution} can't be imported: {e}.", f"pip install {distribution}"
        ) from e
