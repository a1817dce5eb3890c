"""The loader of `scenes`: paints a split into the cache, in the exact Cityscapes layout."""

import hashlib
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from bench.datasets.base import DatasetLoader, known_options, whole
from bench.datasets.cityscapes_layout import (
    INSTANCES,
    LABELS,
    PHOTOGRAPH,
    LayoutImages,
    class_table,
    path_of,
)
from bench.datasets.decode import png
from bench.datasets.scenes.layout import compose
from bench.errors import DatasetError
from bench.registry import suggest
from bench.suite.base import digest
from bench.suite.dataset import Dataset

PAINTER = 1
"""Version of the painter: raise it with every change that alters a pixel."""
SPLITS = {"train": 0, "val": 1, "test": 2}
"""Part of every scene's seed, in bench.train, too: the micro models have seen the first 2400 scenes of
`train` and none of `val` and `test`."""
CITIES: dict[str, tuple[str, ...]] = {
    "train": ("altenfurt", "brunnthal", "seewinkel"),
    "val": ("kaltenbach", "lindenau", "morgenstadt"),
    "test": ("neuried", "osterfeld", "quellheim"),
}
COUNTS = {"train": 64, "val": 50, "test": 50}
_OPTIONS = ("seed", "height", "width", "count")
_MOST = 999_999
"""Frame numbers have six digits."""


class ScenesLoader(DatasetLoader):
    """Street scenes from a seed.

    Options: `seed` (0), `height` (256), `width` (512), and `count`: scenes of the spec's own split,
    or a table of counts by split (train 64, val 50, test 50).
    """

    paints = True

    def plan_digest(self, spec: Dataset) -> str:
        """Digest of the painter's version, the options, the split and its count."""
        split = _split(spec.split)
        return digest({**_recipe(spec), "split": split, "count": _count(spec, split, None)})

    def prepare(
        self, spec: Dataset, cache: Path, *, split: str | None = None, count: int | None = None
    ) -> None:
        """Paint what is missing of a split; files that are there and whole are kept.

        Raises:
            DatasetError: an option is wrong, or the cache can't be written.
        """
        from filelock import FileLock

        folder, split, names = _asked(spec, cache, split, count)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with FileLock(folder / f".{split}.lock"):
                _paint(spec, folder, split, names)
        except OSError as error:
            raise DatasetError(
                f"The scenes can't be written to {folder}: {error.strerror or error}.",
                "Free some space, or set SEGBENCH_CACHE to a folder that has some.",
            ) from None

    def open(
        self, spec: Dataset, cache: Path, *, split: str | None = None, count: int | None = None
    ) -> LayoutImages:
        """Opened split, its first `count` scenes; painted first where they are missing."""
        class_table(spec)  # a wrong class is told before anything is painted
        folder, split, names = _asked(spec, cache, split, count)
        if not _files(folder, split, names[-1]).keys() <= _manifest(folder, split).keys():
            self.prepare(spec, cache, split=split, count=count)
        return LayoutImages(folder, split, names, spec)


def _split(name: str) -> str:
    if name not in SPLITS:
        raise DatasetError(f"Scenes have no split {name!r}.", suggest(name, SPLITS))
    return name


def _recipe(spec: Dataset) -> dict[str, Any]:
    """What determines every pixel of scene i of a split.

    Raises:
        DatasetError: an option is unknown or out of range.
    """
    known_options(spec, _OPTIONS)
    options = spec.options
    return {
        "loader": "scenes",
        "painter": PAINTER,
        # OpenCV 4 and 5 draw the outline of a polygon half a pixel apart.
        "opencv": ".".join(cv2.__version__.split(".")[:2]),
        "seed": whole(options.get("seed", 0), "seed", 0, 2**32 - 1),
        "height": whole(options.get("height", 256), "height", 32, 8192),
        "width": whole(options.get("width", 512), "width", 32, 16384),
    }


def _count(spec: Dataset, split: str, asked: int | None) -> int:
    """Scenes of a split: as asked, else as the spec says, else the default."""
    value: object = spec.options.get("count", {})
    if isinstance(value, dict):
        for name in value:
            _split(str(name))
        value = value.get(split, COUNTS[split])
    elif split != spec.split:
        value = COUNTS[split]
    return whole(value if asked is None else asked, "count", 1, _MOST)


def _asked(
    spec: Dataset, cache: Path, split: str | None, count: int | None
) -> tuple[Path, str, tuple[str, ...]]:
    """Folder, split, and stems of its first scenes; cities in turn, so that any part has them all."""
    split = _split(split or spec.split)
    cities = CITIES[split]
    stems = (f"{cities[i % len(cities)]}_000000_{i:06d}" for i in range(_count(spec, split, count)))
    return cache / "datasets" / f"scenes-{digest(_recipe(spec), 12)}", split, tuple(stems)


def _files(folder: Path, split: str, stem: str) -> dict[str, Path]:
    """Photograph, labelIds and instanceIds of a scene, by their names in the manifest."""
    paths = (path_of(folder, split, stem, kind) for kind in (PHOTOGRAPH, LABELS, INSTANCES))
    return {path.relative_to(folder).as_posix(): path for path in paths}


def _manifest(folder: Path, split: str) -> dict[str, str]:
    """File -> sha256 of what was painted; empty before a first painting has ended."""
    try:
        return dict(json.loads((folder / f"manifest-{split}.json").read_text("utf-8"))["files"])
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _paint(spec: Dataset, folder: Path, split: str, names: tuple[str, ...]) -> None:
    """Paint the scenes whose files are missing or differ from the manifest; write that last."""
    recipe = _recipe(spec)
    before = _manifest(folder, split)
    after = dict(before)
    for index, stem in enumerate(names):
        paths = _files(folder, split, stem)
        found = {key: _sha256(path) for key, path in paths.items()}
        # Without a line in the manifest, a file is a killed painter's: whole, since each was
        # renamed into place.
        if not all(sha and sha == before.get(key, sha) for key, sha in found.items()):
            seed = (recipe["seed"], SPLITS[split], index)
            image, labels, instances = compose(seed, recipe["height"], recipe["width"])
            pngs = (png(image), png(labels), png(instances.astype(np.uint16)))
            made = zip(paths.items(), pngs, strict=True)
            found = {key: _write(path, data) for (key, path), data in made}
        after.update(found)
    if after != before:
        text = json.dumps({**recipe, "split": split, "files": after}, indent=1, sort_keys=True)
        _write(folder / f"manifest-{split}.json", text.encode())


def _sha256(path: Path) -> str:
    """sha256 of a file, hexadecimal; empty for a missing file."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except FileNotFoundError:
        return ""


def _write(path: Path, data: bytes) -> str:
    """sha256 of a file written whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")  # one name is enough: a lock is held
    try:
        part.write_bytes(data)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return hashlib.sha256(data).hexdigest()
