"""Label maps that some other program wrote -> a run of one result, equal to the official evaluator's."""

import hashlib
import platform
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from bench import __version__, registry, resources
from bench.datasets.base import Images
from bench.datasets.cityscapes_layout import LABELS, LayoutImages, split_folder, stems
from bench.devices import machine
from bench.measure.accuracy import stored
from bench.measure.labelmaps import Encoding, meaning_of, pair
from bench.record.base import now
from bench.record.environment import Environment
from bench.record.result import Artifact, DatasetRecord, Result
from bench.record.store import RunInfo, to_json, write_atomic, write_result
from bench.suite.case import Case
from bench.suite.dataset import Dataset
from bench.suite.model import Model
from bench.suite.protocol import Protocol, accuracy_fingerprint
from bench.suite.target import Target
from bench.suite.variant import Variant
from bench.tasks import confusion, instances, overlap
from bench.tasks.base import task_of

WRONG_ENCODING = (
    "Hardly a pixel is right and many are no evaluated class: are the maps in the other encoding "
    "(--encoding trainIds or labelIds)?"
)
VARIANT = Variant(
    name="labels-predictions-unknown", format="labels", backend="predictions", precision="unknown"
)


def score(
    predictions: Path,
    spec: Dataset,
    run: Path,
    *,
    name: str = "predictions",
    encoding: Encoding | None = None,
    workers: int | None = None,
    done: Callable[[int, int], None] | None = None,
) -> Result:
    """Result of the label maps in a folder tree, against the ground truth of `spec.split`.

    The run is written into `run`, with `name` as its model. `encoding` None is labelIds for Cityscapes'
    layout, else class indices. `workers` are threads, None = all cores: OpenCV decodes and counts without
    Python's lock. `done` is called with (images so far, of all). A DatasetError says which prediction is
    missing, doubled, unreadable, or doesn't fit.
    """
    images, layout = open_labels(spec)
    values = meaning_of(spec, encoding, layout=layout)
    files = pair(predictions, images.names)
    known, classes = overlap.categories(spec.classes), len(spec.classes)
    # In trainIds nothing is predicted as an unevaluated class; its categories do no harm there.
    of = (*known, *instances.UNEVALUATED.values()) if known else None

    def one(index: int) -> tuple[NDArray[np.int64], dict[str, NDArray[Any]], str, str]:
        truth = images.truth(index)
        labels = values.read(files[index], truth.shape)
        ids = images.instances(index)
        pixels, (row, column, *object_) = _runs(truth, labels, *([] if ids is None else [ids]))
        inside: dict[str, NDArray[Any]] = {}
        for number in object_:
            inside.update(instances.count(number, column, of, pixels))
        raw = confusion.fold(_joint(row, column, pixels), len(values.names))
        tally: dict[str, NDArray[Any]] = {"counts": confusion.fold(raw, classes), **inside}
        return raw, tally, _sha(truth), _sha(labels)

    total = np.zeros((len(values.names) + 1,) * 2, np.int64)
    tallies, truths, maps = [], hashlib.sha256(), hashlib.sha256()
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    workers = workers or machine.cores()
    pool = ThreadPoolExecutor(workers)
    try:
        for index, (raw, tally, truth, labels) in enumerate(pool.map(one, range(len(files)))):
            total += raw
            tallies.append(tally)
            truths.update(f"{images.names[index]} {truth}".encode())
            maps.update(f"{images.names[index]} {labels}".encode())
            if done:
                done(index + 1, len(files))
    finally:
        pool.shutdown(cancel_futures=True)
        cv2.setNumThreads(threads)
    case = _case(name, predictions, spec, maps.hexdigest(), truths.hexdigest())
    seen = {
        "classes": spec.classes,
        "images": tuple(images.names),
        "asked": len(files),
        "groups": tuple(images.groups),
    }
    stray = {"instances": {"stray": _stray(total, known)}}
    measured = (
        (fields | stray.get(fields["kind"], {}), arrays)
        for fields, arrays in task_of(case).measured(tallies, seen)
    )
    result = Result(
        case=case,
        fingerprint=case.fingerprint,
        status="ok",
        environment=_environment(workers),
        artifact=Artifact(
            digest=case.weights_digest, file_bytes=sum(f.stat().st_size for f in files)
        ),
        dataset=DatasetRecord(digest=case.dataset_digest, images=len(files)),
        accuracy_fingerprint=accuracy_fingerprint(
            case.protocol, case.dataset_digest, spec.class_map, spec.ignore_index, len(files),
            spec.classes,
        ),
        measurements=tuple(stored(run / "cases", case.id, measured)),
        started=now(),
        notes=_notes(total, classes),
    )  # fmt: skip
    title = f"Predictions of {name} on {spec.name}"
    info = RunInfo(suite=f"score-{name}", title=title, plan=(case.id,), segbench=__version__)
    write_atomic(run / "run.json", to_json(info))
    write_result(run, result)
    return result


def _runs(*maps: NDArray[Any]) -> tuple[NDArray[np.intp], list[NDArray[Any]]]:
    """Lengths of the runs in which no map changes, (R,), and each map's values in them, (R,).

    Label maps are of one value for many pixels in a row, so that counting runs is several times as
    fast as counting pixels.
    """
    flat = [m.reshape(-1) for m in maps]
    change = np.zeros(flat[0].size, np.bool_)
    change[:1] = True
    for values in flat:
        change[1:] |= values[1:] != values[:-1]
    starts = np.flatnonzero(change)
    return np.diff(starts, append=change.size), [values[starts] for values in flat]


def _joint(
    truth: NDArray[np.uint8], prediction: NDArray[np.uint8], pixels: NDArray[np.intp]
) -> NDArray[np.int64]:
    """Joint histogram of two maps' runs, int64 (256, 256); row = truth."""
    codes = truth.astype(np.intp) << 8 | prediction
    return np.bincount(codes, pixels, 1 << 16).astype(np.int64).reshape(256, 256)


def open_labels(spec: Dataset) -> tuple[Images, bool]:
    """Opened split, and whether it is in Cityscapes' layout; there no photographs are needed."""
    root = Path(spec.root).expanduser() if spec.root else None
    if root is not None and split_folder(root, spec.split, LABELS).is_dir():
        return LayoutImages(root, spec.split, stems(root, spec.split, LABELS), spec), True
    loader = registry.load("dataset", spec.loader)()
    cache = resources.cache_dir()
    loader.prepare(spec, cache)
    images = loader.open(spec, cache, split=spec.split)
    return images, isinstance(images, LayoutImages)


def _case(name: str, predictions: Path, spec: Dataset, maps: str, truths: str) -> Case:
    """Case of the maps: digests of their indices stand for weights, those of the truth for the set."""
    return Case(
        model=Model(
            name=name, loader="predictions", source="file", location=str(predictions),
            classes=spec.classes,
        ),
        variant=VARIANT,
        target=Target(name="any"),
        dataset=spec,
        protocol=Protocol(preprocess="none", postprocess="none"),
        reference=VARIANT,
        weights_digest=maps,
        dataset_digest=truths,
    )  # fmt: skip


def _environment(threads: int) -> Environment:
    names = ("numpy", "opencv-python-headless")
    versions = {"python": platform.python_version(), "segbench": __version__}
    versions |= {name: registry.installed(name) for name in names}
    return Environment(machine=machine.describe(), threads=threads, versions=versions)


def _stray(raw: NDArray[np.int64], of: tuple[str, ...] | None) -> dict[str, int]:
    """Category -> labelled pixels of other categories predicted as its UNEVALUATED classes."""
    if of is None:
        return {}
    outside = np.array([c != "vehicle" for c in of])
    return {"vehicle": int(raw[: len(of)][outside][:, len(of) : -1].sum())}


def _notes(raw: NDArray[np.int64], classes: int) -> tuple[str, ...]:
    labelled = raw[:classes]
    right, void = int(np.trace(labelled[:, :classes])), int(labelled[:, classes:].sum())
    total = int(labelled.sum())
    if total and right < 0.1 * total and void > 0.25 * total:
        return (WRONG_ENCODING,)
    return ()


def _sha(labels: NDArray[np.uint8]) -> str:
    digest = hashlib.sha256(repr(labels.shape).encode())
    digest.update(np.ascontiguousarray(labels).data)
    return digest.hexdigest()
