"""COCO's panoptic format (https://cocodataset.org/#format-data), shared by two loaders.

One JSON file names the images, the categories and the segments of each image; a folder beside it
holds a PNG for each image, in which the colour of a pixel is the id of its segment:
`R + 256 G + 256 ** 2 B`, 0 where there is none.
"""

import json
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.datasets.decode import read_image
from bench.errors import DatasetError
from bench.registry import suggest
from bench.segments import Segments
from bench.suite.dataset import Dataset

_IDS = 1 << 24
"""Ids that three bytes can tell apart."""


class PanopticFile:
    """A JSON file and its folder of PNGs; `images`, `pngs` and `listed` go by the id of an image."""

    def __init__(self, path: Path, folder: Path, spec: Dataset) -> None:
        """Read the JSON file.

        Raises:
            DatasetError: it is missing or not in this format, or its classes or things are not the
                spec's.
        """
        self.path = path
        classes = {name: index for index, name in enumerate(spec.classes)}
        try:
            raw = json.loads(path.read_bytes())
            things = {str(c["name"]): bool(c["isthing"]) for c in raw["categories"]}
            # Category and crowd of each segment, by the image's id and the segment's.
            self.listed: dict[Any, dict[int, tuple[int, bool]]] = {
                a["image_id"]: {
                    int(s["id"]): (int(s["category_id"]), bool(s.get("iscrowd")))
                    for s in a["segments_info"]
                }
                for a in raw["annotations"]
            }
            # File name of each photograph.
            self.images: dict[Any, str] = {p["id"]: _inside(p["file_name"]) for p in raw["images"]}
            self.pngs: dict[Any, Path] = {
                a["image_id"]: folder / _inside(a["file_name"]) for a in raw["annotations"]
            }
            # Class index of each category, by its own id; None where the spec does not evaluate it.
            self.index = {int(c["id"]): classes.get(c["name"]) for c in raw["categories"]}
        except OSError as error:
            raise DatasetError(f"{path} can't be read: {error.strerror}.") from None
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            what = f"no key {error}" if isinstance(error, KeyError) else error
            raise DatasetError(f"{path} is not in COCO's panoptic format: {what}.") from None
        for name in spec.classes:
            if name not in things:
                raise DatasetError(
                    f"Data set {spec.name!r} names the class {name!r}, which {path} lacks.",
                    f"{suggest(name, things)} All of the file's: classes = {json.dumps([*things])}",
                )
            if things[name] != (name in spec.thing_classes):
                raise DatasetError(
                    f"{name!r} is a class of {'things' if things[name] else 'stuff'} in {path}, and not "
                    f"in the data set {spec.name!r}.",
                    f"Give it `things = {json.dumps([c for c in spec.classes if things.get(c)])}`.",
                )

    def png(self, image: Any) -> Path:
        """PNG of an image."""
        if image not in self.pngs:
            raise DatasetError(f"{self.path} has no annotation of image {image!r}.")
        return self.pngs[image]

    def segments(self, image: Any) -> Segments:
        """Segments of an image; those of a category that is not evaluated are void.

        Raises:
            DatasetError: the PNG is missing or corrupt, a category is unknown, or PNG and JSON
                name different segments.
        """
        path, listed = self.png(image), self.listed[image]
        colours = read_image(path)
        ids = np.dstack([colours, np.zeros(colours.shape[:2], np.uint8)]).view("<u4")[..., 0]
        found = set(np.unique(ids).tolist()) - {0}
        for segment in found - set(listed):
            raise DatasetError(
                f"{path} holds the segment {segment}, which {self.path} does not list for image "
                f"{image!r}."
            )
        for segment, (category, _) in listed.items():
            where = f"the segment {segment} of image {image!r}"
            if segment not in found:
                raise DatasetError(f"{self.path} lists {where}, of which {path} has no pixel.")
            if category not in self.index:
                raise DatasetError(
                    f"{self.path} gives {where} the category {category}, which its `categories` lack."
                )
        named = ((s, self.index[category], crowd) for s, (category, crowd) in listed.items())
        return numbered(ids, {s: (name, crowd) for s, name, crowd in named if name is not None})


def numbered(ids: NDArray[Any], known: Mapping[int, tuple[int, bool]]) -> Segments:
    """Segments of a map of ids, by the class index and crowd of each; other ids are void."""
    table = np.zeros(_IDS, np.int32)  # the system gives memory to the pages that are used only
    table[list(known)] = np.arange(1, len(known) + 1)
    classes, crowd = zip(*known.values(), strict=True) if known else ((), ())
    return Segments(table[ids], np.array(classes, np.int32), np.array(crowd, np.bool_))


def _inside(name: str) -> str:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts:
        raise ValueError(f"{name!r} leads out of its folder")
    return name
