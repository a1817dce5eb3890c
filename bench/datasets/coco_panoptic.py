"""COCO's panoptic layout: photographs, one JSON file, and a folder of PNGs beside it."""

from itertools import chain
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.datasets.base import (
    DatasetLoader,
    Images,
    known_options,
    places,
    root_of,
    sizes,
)
from bench.datasets.decode import image_size, read_image, same_size
from bench.datasets.panoptic import PanopticFile
from bench.errors import DatasetError
from bench.segments import Segments
from bench.suite.base import digest
from bench.suite.dataset import Dataset

_OPTIONS = {"images": "{split}", "panoptic": "annotations/panoptic_{split}"}


class CocoPanopticImages(Images):
    """An opened split: the images with some ids in the file, photographs in `folder`."""

    def __init__(self, file: PanopticFile, folder: Path, ids: list[Any]) -> None:
        self.file, self.folder, self.ids = file, folder, ids
        paths = (PurePosixPath(file.images[i]).with_suffix("") for i in ids)
        self.names = tuple("_".join(p.parts) for p in paths)

    def image(self, index: int) -> NDArray[np.uint8]:
        """Photograph, uint8 (H, W, 3) RGB."""
        return read_image(self.files(index)[0])

    def truth(self, index: int) -> NDArray[np.uint8]:
        """Class indices, uint8 (H, W), crowds included; VOID where there is no segment."""
        return self.segments(index).labels()

    def segments(self, index: int) -> Segments:
        """Segments of the JSON file and the PNG."""
        return self.file.segments(self.ids[index])

    def files(self, index: int) -> tuple[Path, ...]:
        """Photograph and PNG; with the first image also the JSON file, which belongs to all."""
        image = self.ids[index]
        found = (self.folder / self.file.images[image], self.file.png(image))
        return found if index else (*found, self.file.path)

    def check(self) -> None:
        """Refuse a PNG of another size than its photograph, and a file that is missing."""
        for photograph, png, *_ in map(self.files, range(len(self.names))):
            same_size(photograph, image_size(photograph), png, image_size(png))


class CocoPanopticLoader(DatasetLoader):
    """`root/SPLIT`, `root/annotations/panoptic_SPLIT.json` and the folder of that name.

    Options: `images`, the folder of the photographs, and `panoptic`, the JSON file without its
    ending; both below the root, with `{split}` where the split's name stands; and `splits`.
    """

    def plan_digest(self, spec: Dataset) -> str:
        """Digest of the split's file names and sizes."""
        images = self.open(spec, Path())
        files = sizes(chain.from_iterable(map(images.files, range(len(images.names)))))
        return digest({"loader": "coco_panoptic", "split": spec.split, "files": files})

    def open(
        self, spec: Dataset, cache: Path, *, split: str | None = None, count: int | None = None
    ) -> CocoPanopticImages:
        """Opened split, in the order of its names; the first `count` images."""
        del cache  # nothing is made
        known_options(spec, (*_OPTIONS, "splits"))
        root = root_of(spec, "annotations/panoptic_SPLIT.json")
        folder, panoptic = places(spec, root, _OPTIONS, split or spec.split).values()
        file = PanopticFile(panoptic.with_name(f"{panoptic.name}.json"), panoptic, spec)
        found = sorted(file.images, key=file.images.__getitem__)[:count]
        if not found:
            raise DatasetError(f"{file.path} names no images.")
        return CocoPanopticImages(file, folder, found)
