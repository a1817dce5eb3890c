"""Mapillary Vistas, or any set in its layout: a config that names the labels, and maps of their numbers."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.datasets.base import (
    VOID,
    DatasetLoader,
    Images,
    known_options,
    places,
    root_of,
    sizes,
)
from bench.datasets.decode import UNKNOWN, image_size, indices, read_image, read_map, same_size
from bench.datasets.pairs import Pair, in_folders
from bench.datasets.panoptic import numbered
from bench.errors import DatasetError
from bench.registry import suggest
from bench.resources import read_bytes
from bench.segments import Segments
from bench.suite.base import digest
from bench.suite.dataset import Dataset

_OPTIONS = {
    "config": "config.json",
    "images": "{split}/images",
    "labels": "{split}/labels",
    "instances": "{split}/instances",
}


class MapillaryConfig:
    """What a config.json says of each label: class index of the spec, and whether it has instances."""

    def __init__(self, path: Path, spec: Dataset) -> None:
        """Read the file.

        Raises:
            DatasetError: it is missing or not in this format, or the spec names a class that it lacks,
                does not evaluate, or counts otherwise.
        """
        self.path = path
        try:
            labels = json.loads(read_bytes(path))["labels"]
            known = {
                str(x["readable"]): (i, bool(x["evaluate"]), bool(x["instances"]))
                for i, x in enumerate(labels)
            }
            alias = {str(x["name"]): str(x["readable"]) for x in labels}
        except OSError as error:
            raise DatasetError(f"{path} can't be read: {error.strerror}.") from None
        except (KeyError, TypeError, ValueError) as error:
            what = f"no key {error}" if isinstance(error, KeyError) else error
            raise DatasetError(f"{path} is not a config of Mapillary's format: {what}.") from None
        self.table = np.full(256, UNKNOWN, np.uint8)
        """Class index by label, uint8 (256,); VOID for a label that is not evaluated."""
        self.table[: len(labels)] = VOID
        self.counted = {i for i, _, instances in known.values() if instances}
        """Labels with instances."""
        for index, name in enumerate(spec.classes):
            told = alias.get(name, name)
            if told not in known:
                evaluated = [n for n, (_, evaluate, _) in known.items() if evaluate]
                raise DatasetError(
                    f"Data set {spec.name!r} names the class {name!r}, which {path} lacks.",
                    f"{suggest(name, known)} All that it evaluates: classes = {json.dumps(evaluated)}",
                )
            label, evaluate, instances = known[told]
            if not evaluate:
                raise DatasetError(
                    f"Data set {spec.name!r} names the class {name!r}, which {path} does not evaluate."
                )
            if instances != (name in spec.thing_classes):
                there = [c for c in spec.classes if known.get(alias.get(c, c), (0, 0, False))[2]]
                raise DatasetError(
                    f"{name!r} has {'instances' if instances else 'no instances'} in {path}, unlike the "
                    f"data set {spec.name!r}.",
                    f"Give it `things = {json.dumps(there)}`.",
                )
            self.table[label] = index


class MapillaryImages(Images):
    """An opened split: pairs of photograph and label map, and the folder of the instance maps."""

    def __init__(self, config: MapillaryConfig, pairs: tuple[Pair, ...], instances: Path) -> None:
        self.config, self.pairs, self.folder = config, pairs, instances
        self.names = tuple(image.stem for image, _ in pairs)

    def image(self, index: int) -> NDArray[np.uint8]:
        """Photograph, uint8 (H, W, 3) RGB."""
        return read_image(self.pairs[index][0])

    def truth(self, index: int) -> NDArray[np.uint8]:
        """Class indices, uint8 (H, W); VOID where the label is not evaluated."""
        image, path = self.pairs[index]
        raw = read_map(path)
        if raw.dtype == np.uint16:  # label * 256 + instance
            raw = (raw >> 8).astype(np.uint8)
        hint = f"{self.config.path} names {np.count_nonzero(self.config.table != UNKNOWN)} labels."
        classes = indices(raw, self.config.table, path, hint)
        same_size(image, image_size(image), path, classes.shape)
        return classes

    def segments(self, index: int) -> Segments | None:
        """Segments of the 16-bit map, `label * 256 + instance`; None without such a map."""
        path = self._coded(index)
        raw: NDArray[Any] = read_map(path)
        if raw.dtype != np.uint16:
            return None
        config, known = self.config, {}
        whole = np.where(np.isin(raw >> 8, list(config.counted)), raw, raw & 0xFF00)
        for value in np.unique(whole).tolist():
            name = int(config.table[value >> 8])
            if name == UNKNOWN:
                raise DatasetError(
                    f"{path} holds the label {value >> 8}, which {config.path} lacks."
                )
            if name != VOID:
                known[value] = (name, False)
        return numbered(whole, known)

    def _coded(self, index: int) -> Path:
        label = self.pairs[index][1]
        there = self.folder / label.name
        return there if there.is_file() else label

    def files(self, index: int) -> tuple[Path, ...]:
        """Photograph and label map; with the first image also the config, which belongs to all."""
        return self.pairs[index] if index else (*self.pairs[index], self.config.path)

    def segment_files(self, index: int) -> tuple[Path, ...]:
        """The instance map, where it is a file of its own."""
        path = self._coded(index)
        return () if path == self.pairs[index][1] else (path,)

    def check(self) -> None:
        """Refuse a label map of another size than its image."""
        for image, label in self.pairs:
            same_size(image, image_size(image), label, image_size(label))


class MapillaryLoader(DatasetLoader):
    """`root/config.json`, and images/, labels/ and instances/ below `root/SPLIT`.

    Label maps are palette PNGs of labels, or 16-bit PNGs of `label * 256 + instance`. Options:
    `config`, `images`, `labels`, `instances`, paths below the root; and `splits`.
    """

    def plan_digest(self, spec: Dataset) -> str:
        """Digest of the file names and sizes."""
        images = self.open(spec, Path())
        files = sizes(f for i in range(len(images.names)) for f in images.files(i))
        return digest({"loader": "mapillary", "split": spec.split, "files": files})

    def open(
        self, spec: Dataset, cache: Path, *, split: str | None = None, count: int | None = None
    ) -> MapillaryImages:
        """Opened split, in the order of its names; the first `count` images."""
        del cache  # nothing is made
        known_options(spec, (*_OPTIONS, "splits"))
        root = root_of(spec, "config.json")
        told = places(spec, root, _OPTIONS, split or spec.split)
        pairs = in_folders(told["images"], told["labels"])
        return MapillaryImages(
            MapillaryConfig(told["config"], spec), pairs[:count], told["instances"]
        )
