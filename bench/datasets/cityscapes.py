"""The user's copy of Cityscapes, as its two archives unpack."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from bench.datasets.checks import known_options, safe_name
from bench.datasets.cityscapes_layout import (
    IMAGE_SUFFIX,
    LABEL_SUFFIX,
    LayoutImages,
    city_of,
    class_table,
    image_folder,
    label_folder,
)
from bench.errors import DatasetError
from bench.suite.base import digest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.suite.dataset import Dataset

VARIABLE = "CITYSCAPES_DATASET"
"""Environment variable that names the copy, the one of cityscapesScripts."""
_ARCHIVES = {
    "leftImg8bit": "leftImg8bit_trainvaltest.zip",
    "gtFine": "gtFine_trainvaltest.zip",
}


class CityscapesLoader:
    """Cityscapes, or any set in its layout; it has no options."""

    def plan_digest(self, spec: Dataset) -> str:
        """Digest of the split's file names and sizes."""
        known_options(spec, ())
        split = safe_name(spec.split, "split")
        root = _root(spec)
        sizes = [
            (path.name, path.stat().st_size)
            for stem in _stems(root, split)
            for path in _pair(root, split, stem)
        ]
        return digest({"loader": "cityscapes", "split": split, "files": sizes})

    def prepare(
        self, spec: Dataset, cache: Path, *, split: str | None = None, count: int | None = None
    ) -> None:
        """Check that every photograph of a split has its labels.

        Raises:
            DatasetError: the copy is missing or half unpacked; the message says what was sought.
        """
        self.open(spec, cache, split=split, count=count)

    def open(
        self,
        spec: Dataset,
        cache: Path,  # noqa: ARG002 - the contract's; nothing is made here
        *,
        split: str | None = None,
        count: int | None = None,
    ) -> LayoutImages:
        """Opened split, in the order of its names; the first `count` images."""
        known_options(spec, ())
        split = safe_name(split or spec.split, "split")
        class_table(spec)  # a wrong class is told before a missing folder
        root = _root(spec)
        return LayoutImages(root, split, _stems(root, split)[:count], spec)


def _root(spec: Dataset) -> Path:
    """Folder of the copy: the spec's root (or --root), else the environment's."""
    asked = spec.root or os.environ.get(VARIABLE)
    where = f"Give --root {spec.name}=DIR or set {VARIABLE} to the folder that holds leftImg8bit/ "
    where += "and gtFine/ (from the archives " + " and ".join(_ARCHIVES.values()) + ")."
    if not asked:
        raise DatasetError(f"Nobody said where the data set {spec.name!r} lies.", where)
    root = Path(asked).expanduser()
    if not root.is_dir():
        raise DatasetError(
            f"The data set {spec.name!r} was looked for in {root}: no folder.", where
        )
    return root


def _stems(root: Path, split: str) -> tuple[str, ...]:
    """Sorted stems of the photographs of a split, each with its labels.

    Raises:
        DatasetError: a folder is missing or empty, or a photograph has no labels.
    """
    images = sorted(_found(image_folder(root, split), IMAGE_SUFFIX))
    labels = set(_found(label_folder(root, split), LABEL_SUFFIX))
    missing = [stem for stem in images if stem not in labels]
    if missing:
        label = _pair(root, split, missing[0])[1]
        raise DatasetError(
            f"{root} is half unpacked: split {split!r} has {len(images)} photographs and "
            f"{len(images) - len(missing)} of their label maps; the first missing is {label}.",
            f"Unpack {_ARCHIVES['gtFine']} again.",
        )
    return tuple(images)


def _found(folder: Path, suffix: str) -> Iterator[str]:
    """Stems of the files of a split with a suffix.

    Raises:
        DatasetError: there are none, or one lies in another city's folder.
    """
    paths = list(folder.glob(f"*/*{suffix}"))
    if not paths:
        state = "no such file" if folder.is_dir() else "no such folder"
        others = sorted(p.name for p in folder.parent.iterdir()) if folder.parent.is_dir() else []
        kind = folder.parent.name
        raise DatasetError(
            f"Looked for {folder / 'CITY' / f'CITY_SEQUENCE_FRAME{suffix}'}: {state}.",
            f"Unpack {_ARCHIVES[kind]} there"
            + (f"; {folder.parent} holds {', '.join(others[:5])}." if others else "."),
        )
    for path in paths:
        stem = path.name.removesuffix(suffix)
        if path.parent.name != city_of(stem):
            raise DatasetError(
                f"{path} lies in the folder of {path.parent.name!r}, its name says "
                f"{city_of(stem)!r}.",
                "Names are CITY_SEQUENCE_FRAME, in a folder CITY.",
            )
        yield stem


def _pair(root: Path, split: str, stem: str) -> tuple[Path, Path]:
    city = city_of(stem)
    return (
        image_folder(root, split) / city / f"{stem}{IMAGE_SUFFIX}",
        label_folder(root, split) / city / f"{stem}{LABEL_SUFFIX}",
    )
