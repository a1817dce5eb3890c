"""The user's copy of Cityscapes, as its two archives unpack."""

import os
import re
from pathlib import Path

from bench.datasets.base import DatasetLoader, known_options, places, root_of, safe_name, sizes
from bench.datasets.cityscapes_layout import (
    LABELS,
    PHOTOGRAPH,
    LayoutImages,
    class_table,
    path_of,
    stems,
)
from bench.datasets.pairs import fields, lines
from bench.errors import DatasetError
from bench.suite.base import digest
from bench.suite.dataset import Dataset

VARIABLE = "CITYSCAPES_DATASET"
"""Environment variable that names the copy, the one of cityscapesScripts."""


_STEM = re.compile(r"(.+_\d{6}_\d{6})(_\w+)?")


class CityscapesLoader(DatasetLoader):
    """Cityscapes, or any set in its layout.

    Its option `list`, a text file below the root, with `{split}` where the split's name stands, chooses
    images: a line begins with a stem or with a path to a photograph or label map of it.
    """

    def plan_digest(self, spec: Dataset) -> str:
        """Digest of the split's file names and sizes."""
        images = self.open(spec, Path())
        files = (path for index in range(len(images.names)) for path in images.files(index)[:2])
        return digest({"loader": "cityscapes", "split": spec.split, "files": sizes(files)})

    def open(
        self, spec: Dataset, cache: Path, *, split: str | None = None, count: int | None = None
    ) -> LayoutImages:
        """Opened split, in the order of its names; the first `count` images.

        Raises:
            DatasetError: the copy is missing or half unpacked, or a photograph has no labels.
        """
        del cache  # nothing is made
        known_options(spec, ("list",))
        split = safe_name(split or spec.split, "split")
        class_table(spec)  # a wrong class is told before a missing folder
        asked = spec.root or os.environ.get(VARIABLE)
        root = root_of(
            spec.model_copy(update={"root": asked}),
            "leftImg8bit/ and gtFine/ (from the archives leftImg8bit_trainvaltest.zip and "
            f"gtFine_trainvaltest.zip), or set {VARIABLE} to it",
        )
        images = stems(root, split, PHOTOGRAPH)
        labelled = set(stems(root, split, LABELS))
        missing = [stem for stem in images if stem not in labelled]
        if missing:
            raise DatasetError(
                f"{root} is half unpacked: split {split!r} has {len(images)} photographs and "
                f"{len(images) - len(missing)} of their label maps; the first missing is "
                f"{path_of(root, split, missing[0], LABELS)}.",
                "Unpack gtFine_trainvaltest.zip again.",
            )
        if "list" in spec.options:
            images = _chosen(places(spec, root, {"list": ""}, split)["list"], images, split)
        return LayoutImages(root, split, images[:count], spec)


def _chosen(listed: Path, stems: tuple[str, ...], split: str) -> tuple[str, ...]:
    """Stems of a list file, in its order.

    Raises:
        DatasetError: a line has none, or one that the split lacks or that was listed before.
    """
    found: dict[str, int] = {}
    for number, line in lines(listed):
        name = Path(fields(line)[0]).name
        match = _STEM.fullmatch(name.partition(".")[0])
        if match is None or match[1] not in stems:
            raise DatasetError(
                f"{listed}:{number} is {line!r:.80}, which names no image of split {split!r}.",
                "A line begins with CITY_SEQUENCE_FRAME, or a path to a file of that name.",
            )
        if match[1] in found:
            raise DatasetError(
                f"{listed}:{number} lists {match[1]} again, as line {found[match[1]]}."
            )
        found[match[1]] = number
    return tuple(found)
