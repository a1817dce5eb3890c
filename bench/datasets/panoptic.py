"""COCO's panoptic format (https://cocodataset.org/#format-data), shared by two loaders.

One JSON file names the images, the categories and the segments of each image; a folder beside it
holds a PNG for each image, in which the colour of a pixel is the id of its segment:
`R + 256 G + 256 ** 2 B`, 0 where there is none.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Annotated

import numpy as np
from pydantic import AfterValidator, BaseModel, Field, ValidationError

from bench.datasets.checks import check_things
from bench.datasets.decode import read_image
from bench.errors import DatasetError
from bench.registry import suggest
from bench.segments import Segments
from bench.suite.read import dotted

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from bench.suite.dataset import Dataset

_IDS = 1 << 24
"""Ids that three bytes can tell apart."""


def _inside(name: str) -> str:
    path = PurePosixPath(name)
    if not name or path.is_absolute() or ".." in path.parts:
        raise ValueError("a file's name leads out of its folder")
    return name


_Name = Annotated[str, AfterValidator(_inside)]


class Category(BaseModel):
    """One class of the file."""

    id: int
    name: str
    isthing: bool


class Segment(BaseModel):
    """One segment of an image."""

    id: int = Field(ge=1, lt=_IDS)
    category_id: int
    iscrowd: bool = False


class Annotation(BaseModel):
    """Segments of one image."""

    image_id: int | str
    file_name: _Name
    segments_info: tuple[Segment, ...]


class Photograph(BaseModel):
    """One image."""

    id: int | str
    file_name: _Name


class _Json(BaseModel):
    images: tuple[Photograph, ...] = Field(min_length=1)
    annotations: tuple[Annotation, ...]
    categories: tuple[Category, ...]


@dataclass(frozen=True, eq=False)
class PanopticFile:
    """A JSON file and its folder of PNGs."""

    path: Path
    folder: Path
    photographs: tuple[Photograph, ...]
    annotations: dict[int | str, Annotation]
    """By the image's id."""
    names: dict[int, str]
    """Name of each category, by id."""
    index: dict[int, int]
    """Class index of each category that the spec evaluates, by id."""
    things: frozenset[int]
    """Indices of the classes whose instances are told apart."""

    def png(self, image_id: int | str) -> Path:
        """PNG of an image.

        Raises:
            DatasetError: the JSON has no annotation of that image.
        """
        return self.folder / self._annotation(image_id).file_name

    def segments(self, image_id: int | str) -> Segments:
        """Segments of an image; those of a category that is not evaluated are void.

        Raises:
            DatasetError: the PNG is missing or corrupt, a category is unknown, or PNG and JSON
                name different segments.
        """
        path, listed = self.png(image_id), self._annotation(image_id).segments_info
        ids = _ids(read_image(path))
        # A look-up a pixel: 12 ms at 1024 x 2048, where sorting the ids takes ten times as long. The
        # system gives memory only to those pages of the table that are used.
        table = np.zeros(_IDS, np.int32)
        table[[s.id for s in listed]] = np.arange(1, len(listed) + 1)
        void = len(listed) + 1
        table[0] = void
        numbers = table[ids]
        counts = np.bincount(numbers.ravel(), minlength=void + 1)
        if counts[0]:
            raise DatasetError(
                f"{path} holds the segment {int(ids[numbers == 0][0])}, which {self.path} does not "
                f"list for image {image_id!r}."
            )
        order, kept = np.zeros(void + 1, np.int32), []
        for number, segment in enumerate(listed, 1):
            where = f"the segment {segment.id} of image {image_id!r}"
            if not counts[number]:
                raise DatasetError(f"{self.path} lists {where}, of which {path} has no pixel.")
            if segment.category_id not in self.names:
                raise DatasetError(
                    f"{self.path} gives {where} the category {segment.category_id}, which its "
                    "`categories` lack."
                )
            if segment.category_id in self.index:
                kept.append(segment)
                order[number] = len(kept)
        return Segments(
            ids=order[numbers],
            classes=np.array([self.index[s.category_id] for s in kept], np.int32),
            crowd=np.array([s.iscrowd for s in kept], np.bool_),
        )

    def _annotation(self, image_id: int | str) -> Annotation:
        if image_id not in self.annotations:
            raise DatasetError(f"{self.path} has no annotation of image {image_id!r}.")
        return self.annotations[image_id]


def read_panoptic(path: Path, folder: Path, spec: Dataset) -> PanopticFile:
    """Opened JSON file, its PNGs in `folder`.

    Raises:
        DatasetError: it is missing or not in this format, or the spec names a class that is not
            among its categories.
    """
    try:
        raw = _Json.model_validate_json(path.read_bytes())
    except OSError as error:
        raise DatasetError(f"{path} can't be read: {error.strerror}.") from None
    except ValidationError as error:
        raise _explained(path, error) from None
    things = {c.name: c.isthing for c in raw.categories}
    for name in spec.classes:
        if name not in things:
            raise DatasetError(
                f"Data set {spec.name!r} names the class {name!r}, which {path} lacks.",
                f"{suggest(name, things)} All of the file's: classes = {json.dumps([*things])}",
            )
    check_things(spec, things, path)
    classes = {name: i for i, name in enumerate(spec.classes)}
    return PanopticFile(
        path=path,
        folder=folder,
        photographs=raw.images,
        annotations={a.image_id: a for a in raw.annotations},
        names={c.id: c.name for c in raw.categories},
        index={c.id: classes[c.name] for c in raw.categories if c.name in classes},
        things=frozenset(classes[name] for name in spec.thing_classes),
    )


def _ids(colours: NDArray[np.uint8]) -> NDArray[np.uint32]:
    """Ids, uint32 (H, W), of colours, uint8 (H, W, 3) RGB."""
    four = np.zeros((*colours.shape[:2], 4), np.uint8)
    four[..., :3] = colours
    return four.view("<u4")[..., 0]


def _explained(path: Path, error: ValidationError) -> DatasetError:
    first = error.errors(include_url=False)[0]
    where = dotted(*(p for p in first["loc"] if p not in {"int", "str"}))
    if first["type"] == "json_invalid":
        return DatasetError(f"{path} isn't JSON: {first['msg']}.")
    if first["type"] == "missing":
        return DatasetError(f"{path}: {where} is missing.", "COCO's panoptic format has it.")
    return DatasetError(f"{path}: {where} is {str(first['input'])[:60]!r}: {first['msg']}.")
