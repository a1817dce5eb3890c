"""What the pixels of a mask mean: class indices, indices that begin elsewhere than at 0, or colours."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.datasets.base import VOID, whole
from bench.datasets.decode import UNKNOWN, indices, read_image, read_map
from bench.errors import DatasetError
from bench.registry import suggest
from bench.suite.base import canonical
from bench.suite.dataset import Dataset

OPTIONS = ("index_shift", "colours", "ignored_colours")
"""Options of a loader that reads masks by `Values`."""


class Values:
    """How the masks of a set are read; `meaning` tells it, for a digest of the set's content."""

    def __init__(self, spec: Dataset) -> None:
        """Check the set's classes and options.

        Raises:
            DatasetError: there are too many classes, or an option is wrong.
        """
        count = len(spec.classes)
        if count > UNKNOWN:
            raise DatasetError(f"Data set {spec.name!r} has {count} classes, 254 at most.")
        self.spec = spec
        asked = {k: spec.options[k] for k in OPTIONS if k in spec.options}
        self.meaning = canonical(asked) if asked else ""
        self._colours = _colour_table(spec) if "colours" in asked else None
        first = whole(asked.get("index_shift", 0), "index_shift", 0, 255)
        if self._colours is not None and first:
            raise DatasetError(
                f"Data set {spec.name!r} has colours and an index_shift: masks have one."
            )
        if self._colours is None and "ignored_colours" in asked:
            raise DatasetError(
                f"Data set {spec.name!r} has ignored_colours and no colours.",
                "Give it `colours = { CLASS = [R, G, B] }`, or leave them out.",
            )
        last = first + count - 1
        if last > VOID:
            raise DatasetError(
                f"Data set {spec.name!r}: {count} classes from {first} on end above 255."
            )
        self._table = np.full(256, UNKNOWN, np.uint8)
        self._table[first : last + 1] = np.arange(count)
        self._table[spec.ignore_index] = VOID
        self._hint = (
            f"Classes are {first} to {last}, the ignored index is {spec.ignore_index}; change `classes`, "
            "`ignore_index` or the option `index_shift` of the data set."
        )

    def read(self, path: Path) -> NDArray[np.uint8]:
        """Class indices of a mask, uint8 (H, W); VOID where it is unlabelled.

        Raises:
            DatasetError: the file is missing or corrupt, or holds a value or colour that is no class.
        """
        if self._colours is None:
            raw = read_map(path)
            if raw.dtype != np.uint8:
                raise DatasetError(
                    f"{path} has 16 bits a pixel.", "Store one 8-bit number a pixel."
                )
            return indices(raw, self._table, path, self._hint)
        colours = read_image(path)
        codes = np.dstack([colours, np.zeros(colours.shape[:2], np.uint8)]).view("<u4")[..., 0]
        classes: NDArray[np.uint8] = self._colours[codes]
        strange = classes == UNKNOWN
        if strange.any():
            found, counts = np.unique(codes[strange], return_counts=True)
            most = int(counts.argmax())
            more = f" ({found.size - 1} more such colours)" if found.size > 1 else ""
            raise DatasetError(
                f"{path} holds the colour {list(_rgb(int(found[most])))}, which is no class, in "
                f"{counts[most]} pixels{more}.",
                "Declare it in `colours` or in `ignored_colours` of the data set; JPEG and resizing "
                "blend colours, so that such masks can't be read.",
            )
        return classes


def _colour_table(spec: Dataset) -> NDArray[np.uint8]:
    """Class index by R + 256 G + 65536 B, uint8 (2 ** 24,)."""
    table = np.full(1 << 24, UNKNOWN, np.uint8)
    seen: dict[int, str] = {}
    for name, code in _declared(spec):
        if code in seen:
            raise DatasetError(
                f"Data set {spec.name!r} gives the colour {list(_rgb(code))} to {seen[code]!r} and to "
                f"{name!r}."
            )
        seen[code] = name
        table[code] = VOID if name == _IGNORED else spec.classes.index(name)
    if missing := [c for c in spec.classes if c not in seen.values()]:
        raise DatasetError(
            f"Data set {spec.name!r} has `colours` without one for the class {missing[0]!r}."
        )
    return table


_IGNORED = "ignored_colours"


def _declared(spec: Dataset) -> Iterator[tuple[str, int]]:
    """Class, or `ignored_colours`, and each of its colours."""
    colours = spec.options["colours"]
    if not isinstance(colours, dict):
        raise DatasetError(
            f"Option 'colours' of data set {spec.name!r} is {colours!r:.60}.",
            "It is a table: colours = { road = [128, 64, 128] }.",
        )
    for name, value in colours.items():
        if name not in spec.classes:
            raise DatasetError(
                f"Data set {spec.name!r} gives a colour to {name!r}, which is no class of it.",
                suggest(name, spec.classes),
            )
        for code in _codes(value, f"colours.{name}", spec):
            yield name, code
    for code in _codes(spec.options.get(_IGNORED, []), _IGNORED, spec):
        yield _IGNORED, code


def _codes(value: Any, where: str, spec: Dataset) -> Iterator[int]:
    """Codes of a colour, [R, G, B], or of a list of colours."""
    several = isinstance(value, list | tuple) and all(isinstance(v, list | tuple) for v in value)
    for colour in value if several else [value]:
        ok = isinstance(colour, list | tuple) and len(colour) == 3
        if not ok or not all(type(v) is int and 0 <= v <= 255 for v in colour):
            raise DatasetError(
                f"Option {where!r} of data set {spec.name!r} is {colour!r:.60}.",
                "A colour is [R, G, B], numbers from 0 to 255; a class may have a list of colours.",
            )
        red, green, blue = colour
        yield red + (green << 8) + (blue << 16)


def _rgb(code: int) -> tuple[int, int, int]:
    return code & 255, code >> 8 & 255, code >> 16
