"""The Cityscapes layout on disk: names, labelIds and instanceIds; shared by two loaders.

`leftImg8bit/SPLIT/CITY/STEM_leftImg8bit.png` is the photograph, RGB;
`gtFine/SPLIT/CITY/STEM_gtFine_labelIds.png` holds one labelId a pixel, 8 bit;
`gtFine/SPLIT/CITY/STEM_gtFine_instanceIds.png` holds `labelId * 1000 + n` for things that can be
counted and the labelId for all else, 16 bit. STEM is `CITY_SEQUENCE_FRAME`.

`gtFine/cityscapes_panoptic_SPLIT.json` with a folder of the same name is there where somebody ran
cityscapesscripts' `createPanopticImgs`, which derives both from the instanceIds.
"""

from functools import cached_property
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from bench.datasets.base import VOID, Images
from bench.datasets.decode import UNKNOWN, read_image, read_indices, read_map
from bench.datasets.panoptic import PanopticFile, numbered
from bench.errors import DatasetError
from bench.registry import suggest
from bench.segments import Segments
from bench.suite.classes import CITYSCAPES
from bench.suite.dataset import Dataset

LABEL_IDS = 34
"""Cityscapes' labels have the ids 0 to 33; a licence plate's -1 is 255 in 8 bits."""
PHOTOGRAPH, LABELS, INSTANCES = "leftImg8bit", "gtFine_labelIds", "gtFine_instanceIds"
"""Kinds of files."""


def split_folder(root: Path, split: str, kind: str) -> Path:
    """Folder of the cities of a split, for a kind of files."""
    return root / kind.partition("_")[0] / split


def path_of(root: Path, split: str, stem: str, kind: str) -> Path:
    """File of an image."""
    return split_folder(root, split, kind) / city_of(stem) / f"{stem}_{kind}.png"


def stems(root: Path, split: str, kind: str) -> tuple[str, ...]:
    """Sorted stems of a split's files of a kind.

    Raises:
        DatasetError: there are none, or one lies in another city's folder.
    """
    folder = split_folder(root, split, kind)
    paths = {p.name.removesuffix(f"_{kind}.png"): p for p in folder.glob(f"*/*_{kind}.png")}
    if not paths:
        above = folder.parent
        others = sorted(p.name for p in above.iterdir()) if above.is_dir() else []
        raise DatasetError(
            f"Looked for {folder / 'CITY' / f'CITY_SEQUENCE_FRAME_{kind}.png'}: "
            f"no such {'file' if folder.is_dir() else 'folder'}.",
            f"Unpack {above.name}_trainvaltest.zip there"
            + (f"; {above} holds {', '.join(others[:5])}." if others else "."),
        )
    for stem, path in paths.items():
        if path.parent.name != city_of(stem):
            raise DatasetError(
                f"{path} lies in the folder of {path.parent.name!r}, its name says "
                f"{city_of(stem)!r}.",
                "Names are CITY_SEQUENCE_FRAME, in a folder CITY.",
            )
    return tuple(sorted(paths))


def city_of(stem: str) -> str:
    """City in a stem `CITY_SEQUENCE_FRAME`; a city's name may hold underscores."""
    return stem.rsplit("_", 2)[0]


def class_table(spec: Dataset) -> NDArray[np.uint8]:
    """Class index by labelId, uint8 (256,); VOID for other labels, UNKNOWN for what is no labelId.

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
    things that were not told apart (crowd). `table` holds the class index by labelId.
    """
    counted = {c.label_id for c in CITYSCAPES if c.has_instances}
    known = {}
    for value in np.unique(values).tolist():
        label = value if value < 1000 else value // 1000
        if label < len(table) and table[label] != VOID:
            known[value] = (int(table[label]), value in counted)
    return numbered(values, known)


class LayoutImages(Images):
    """An opened split in the Cityscapes layout: its names are stems, its groups cities."""

    def __init__(self, root: Path, split: str, names: tuple[str, ...], spec: Dataset) -> None:
        self.root, self.split, self.names, self.spec = root, split, names, spec
        self.groups = tuple(map(city_of, names))
        self._table = class_table(spec)
        self._ids = instance_table(self._table)

    @cached_property
    def _panoptic(self) -> PanopticFile | None:
        path = self.root / "gtFine" / f"cityscapes_panoptic_{self.split}.json"
        return PanopticFile(path, path.with_suffix(""), self.spec) if path.exists() else None

    def _path(self, index: int, kind: str) -> Path:
        return path_of(self.root, self.split, self.names[index], kind)

    def image(self, index: int) -> NDArray[np.uint8]:
        """Photograph, uint8 (H, W, 3) RGB."""
        return read_image(self._path(index, PHOTOGRAPH))

    def truth(self, index: int) -> NDArray[np.uint8]:
        """Class indices, uint8 (H, W); VOID where unlabelled."""
        hint = f"labelIds are 0 to {LABEL_IDS - 1}, and {VOID} for a licence plate."
        return read_indices(self._path(index, LABELS), self._table, hint)

    def instances(self, index: int) -> NDArray[np.int32] | None:
        """Instance ids, int32 (H, W), `class index * 1000 + n + 1000` or 0; None without a file.

        Values below 1000 mark crowds and regions that were not told apart: 0 here.
        """
        path = self._path(index, INSTANCES)
        if not path.exists():
            return None
        raw = read_map(path)
        # A look-up of OpenCV takes a fifth of the time of numpy's, which widens the indices first.
        table = self._ids[: 1 << 8 * raw.itemsize].reshape(1, -1)
        return np.asarray(cv2.LUT(raw, table), np.int32)

    def segments(self, index: int) -> Segments | None:
        """Segments of the panoptic file, or, where there is none, of the instanceIds."""
        if self._panoptic is not None:
            return self._panoptic.segments(self.names[index])
        path = self._path(index, INSTANCES)
        return segments(read_map(path), self._table) if path.exists() else None

    def files(self, index: int) -> tuple[Path, ...]:
        """Photograph, labels, and instances where there are any."""
        *found, instances = (self._path(index, kind) for kind in (PHOTOGRAPH, LABELS, INSTANCES))
        return (*found, instances) if instances.exists() else tuple(found)

    def segment_files(self, index: int) -> tuple[Path, ...]:
        """PNG of the panoptic file, where there is one; with the first image also its JSON."""
        if self._panoptic is None:
            return ()
        png = self._panoptic.png(self.names[index])
        return (png,) if index else (png, self._panoptic.path)
