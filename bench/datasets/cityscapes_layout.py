"""The Cityscapes layout on disk: names, labelIds and instanceIds; shared by two loaders.

`leftImg8bit/SPLIT/CITY/STEM_leftImg8bit.png` is the photograph, RGB;
`gtFine/SPLIT/CITY/STEM_gtFine_labelIds.png` holds one labelId a pixel, 8 bit;
`gtFine/SPLIT/CITY/STEM_gtFine_instanceIds.png` holds `labelId * 1000 + n` for things that can be
counted and the labelId for all else, 16 bit. STEM is `CITY_SEQUENCE_FRAME`.

`gtFine/cityscapes_panoptic_SPLIT.json` with a folder of the same name is there where somebody ran
cityscapesscripts' `createPanopticImgs`, which derives both from the instanceIds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from bench.datasets.base import VOID, Images
from bench.datasets.decode import UNKNOWN, indices, read_image, read_map
from bench.datasets.panoptic import numbered, read_panoptic
from bench.errors import DatasetError
from bench.registry import suggest
from bench.suite.classes import CITYSCAPES

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from bench.datasets.panoptic import PanopticFile
    from bench.segments import Segments
    from bench.suite.dataset import Dataset

LABEL_IDS = 34
"""Cityscapes' labels have the ids 0 to 33; a licence plate's -1 is 255 in 8 bits."""
IMAGE_SUFFIX = "_leftImg8bit.png"
LABEL_SUFFIX = "_gtFine_labelIds.png"
INSTANCE_SUFFIX = "_gtFine_instanceIds.png"


def image_folder(root: Path, split: str) -> Path:
    """Folder of the photographs of a split."""
    return root / "leftImg8bit" / split


def label_folder(root: Path, split: str) -> Path:
    """Folder of the labels of a split."""
    return root / "gtFine" / split


def city_of(stem: str) -> str:
    """City in a stem `CITY_SEQUENCE_FRAME`; a city's name may hold underscores."""
    return stem.rsplit("_", 2)[0]


def class_table(spec: Dataset) -> NDArray[np.uint8]:
    """Class index by labelId, uint8 (256,); VOID for labels that the spec does not evaluate.

    UNKNOWN for values that are no labelId.

    Raises:
        DatasetError: the spec names a class that Cityscapes does not have.
    """
    known = {c.name: c for c in CITYSCAPES}
    table = np.full(256, VOID, np.uint8)
    for index, name in enumerate(spec.classes):
        if name not in known:
            raise DatasetError(
                f"Data set {spec.name!r} names the class {name!r}, which Cityscapes lacks.",
                suggest(name, known),
            )
        table[known[name].label_id] = index
    table[LABEL_IDS:VOID] = UNKNOWN
    return table


def instance_table(table: NDArray[np.uint8]) -> NDArray[np.int32]:
    """`class index * 1000 + n + 1000` by instanceId, int32 (65536,); 0 where nothing is counted."""
    ids = np.zeros(65536, np.int32)
    for c in CITYSCAPES:
        if c.has_instances and table[c.label_id] != VOID:
            first = 1000 * (int(table[c.label_id]) + 1)
            ids[c.label_id * 1000 : (c.label_id + 1) * 1000] = np.arange(first, first + 1000)
    return ids


def segments(values: NDArray[Any], table: NDArray[np.uint8]) -> Segments:
    """Segments of instanceIds, (H, W), by the rule of cityscapesscripts' `createPanopticImgs`.

    Each value is a segment. Below 1000 it is a labelId: all of a class of stuff, or a region of
    things that were not told apart (crowd).

    Args:
        values: instanceIds.
        table: class index by labelId.
    """
    counted = {c.label_id for c in CITYSCAPES if c.has_instances}
    labels = {
        value: value if value < 1000 else value // 1000 for value in np.unique(values).tolist()
    }
    known = {
        value: (int(table[label]), value in counted)
        for value, label in labels.items()
        if label < len(table) and table[label] != VOID
    }
    return numbered(values, known)


@dataclass(frozen=True, eq=False)
class LayoutImages(Images):
    """An opened split in the Cityscapes layout."""

    root: Path
    split: str
    names: tuple[str, ...]
    """Stems."""
    spec: Dataset
    table: NDArray[np.uint8] = field(init=False, repr=False)
    """Class index by labelId, from `class_table`."""
    groups: tuple[str, ...] = field(init=False)
    _ids: NDArray[np.int32] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Derive groups and the tables of ids."""
        table = class_table(self.spec)
        object.__setattr__(self, "groups", tuple(city_of(n) for n in self.names))
        object.__setattr__(self, "table", table)
        object.__setattr__(self, "_ids", instance_table(table))

    def image(self, index: int) -> NDArray[np.uint8]:
        """Photograph, uint8 (H, W, 3) RGB."""
        return read_image(self._image_path(index))

    def truth(self, index: int) -> NDArray[np.uint8]:
        """Class indices, uint8 (H, W); VOID where unlabelled."""
        path = self._label_path(index, LABEL_SUFFIX)
        labels = read_map(path)
        if labels.dtype != np.uint8:
            raise DatasetError(f"{path} has 16 bits a pixel, labelIds have 8.")
        hint = f"labelIds are 0 to {LABEL_IDS - 1}, and {VOID} for a licence plate."
        classes: NDArray[np.uint8] = indices(labels, self.table, path, hint)
        return classes

    def instances(self, index: int) -> NDArray[np.int32] | None:
        """Instance ids, int32 (H, W), `class index * 1000 + n + 1000` or 0; None without a file.

        Values below 1000 mark crowds and regions that were not told apart: 0 here.
        """
        path = self._label_path(index, INSTANCE_SUFFIX)
        if not path.exists():
            return None
        return self._ids[read_map(path)]

    def segments(self, index: int) -> Segments | None:
        """Segments of the panoptic file, or, where there is none, of the instanceIds."""
        if self._panoptic is not None:
            return self._panoptic.segments(self.names[index])
        path = self._label_path(index, INSTANCE_SUFFIX)
        return segments(read_map(path), self.table) if path.exists() else None

    @cached_property
    def _panoptic(self) -> PanopticFile | None:
        path = self.root / "gtFine" / f"cityscapes_panoptic_{self.split}.json"
        return read_panoptic(path, path.with_suffix(""), self.spec) if path.exists() else None

    def files(self, index: int) -> tuple[Path, ...]:
        """Photograph, labels, and instances where there are any."""
        instances = self._label_path(index, INSTANCE_SUFFIX)
        found = (self._image_path(index), self._label_path(index, LABEL_SUFFIX))
        return (*found, instances) if instances.exists() else found

    def segment_files(self, index: int) -> tuple[Path, ...]:
        """PNG of the panoptic file, where there is one; with the first image also its JSON."""
        if self._panoptic is None:
            return ()
        png = self._panoptic.png(self.names[index])
        return (png,) if index else (png, self._panoptic.path)

    def _image_path(self, index: int) -> Path:
        name = self.names[index]
        return image_folder(self.root, self.split) / city_of(name) / f"{name}{IMAGE_SUFFIX}"

    def _label_path(self, index: int, suffix: str) -> Path:
        name = self.names[index]
        return label_folder(self.root, self.split) / city_of(name) / f"{name}{suffix}"
