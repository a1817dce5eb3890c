"""The user's own pictures: images and masks by equal names or by a list, with any class table."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.datasets import values
from bench.datasets.base import (
    DatasetLoader,
    Images,
    known_options,
    places,
    root_of,
    sizes,
    split_folder,
    whole,
)
from bench.datasets.decode import image_size, read_bands, same_size
from bench.datasets.pairs import Pair, in_folders, in_list, names_of
from bench.datasets.values import Values
from bench.errors import DatasetError
from bench.suite.base import digest
from bench.suite.dataset import Dataset

APART = "calibration_images"
_PLACES = ("images", "masks", "list")
_OPTIONS = (APART, *_PLACES, "list_prefix", "mask_suffix", "splits", *values.OPTIONS)
_HOLDS = "images/ and masks/"


class FolderImages(Images):
    """Opened pairs of photograph and mask below a root."""

    def __init__(
        self, spec: Dataset, root: Path, pairs: tuple[Pair, ...], aside: tuple[Pair, ...] = ()
    ) -> None:
        self.values, self.pairs = Values(spec), pairs
        self.meaning = self.values.meaning
        self.names, self.set_aside = names_of(pairs, root), names_of(aside, root)

    def image(self, index: int) -> NDArray[np.uint8]:
        """Photograph, uint8 (H, W, 3) RGB, or bands (H, W, C) of any type."""
        return read_bands(self.pairs[index][0])

    def truth(self, index: int) -> NDArray[np.uint8]:
        """Class indices, uint8 (H, W); VOID where the mask holds the ignored index or colour."""
        image, mask = self.pairs[index]
        classes = self.values.read(mask)
        same_size(image, image_size(image), mask, classes.shape)
        return classes

    def files(self, index: int) -> tuple[Path, ...]:
        """Photograph and mask."""
        return self.pairs[index]

    def check(self) -> None:
        """Refuse a mask of another size than its image."""
        for image, mask in self.pairs:
            same_size(image, image_size(image), mask, image_size(mask))


class FolderLoader(DatasetLoader):
    """`root/images` and `root/masks`, or `root/SPLIT/images` and `root/SPLIT/masks`, or what options say.

    `images`, `masks` and `list` are paths below the root, with `{split}` where the split's name stands;
    `suites/README.md` explains each option. `calibration_images` sets so many images aside for
    quantizers, where no folder or list holds another split. They are spread over the set, and never
    evaluated.
    """

    def plan_digest(self, spec: Dataset) -> str:
        """Digest of the file names and sizes."""
        Values(spec)
        files = sizes(path for pair in _pairs(spec, spec.split) for path in pair)
        options = {"options": spec.options} if spec.options else {}
        return digest({"loader": "folder", "split": spec.split, "files": files, **options})

    def open(
        self, spec: Dataset, cache: Path, *, split: str | None = None, count: int | None = None
    ) -> FolderImages:
        """Opened set, in the order of its names or of its list; the first `count` images."""
        del cache  # nothing is made
        split = split or spec.split
        root = root_of(spec, _HOLDS)
        if APART not in spec.options:
            return FolderImages(spec, root, _pairs(spec, split)[:count])
        if split != spec.split and (root / split_folder(spec, split)).is_dir():
            raise DatasetError(
                f"Data set {spec.name!r} has a split {split!r} and sets images aside, too.",
                f"Leave its option {APART} out.",
            )
        pairs, aside = _apart(spec, _pairs(spec, spec.split))
        return FolderImages(spec, root, (pairs if split == spec.split else aside)[:count], aside)


def _apart(spec: Dataset, pairs: tuple[Pair, ...]) -> tuple[tuple[Pair, ...], tuple[Pair, ...]]:
    """Pairs that are evaluated, and those that are set aside: the middles of equal stretches."""
    count, there = whole(spec.options[APART], APART, 1, 100_000), len(pairs)
    if count >= there:
        raise DatasetError(
            f"Data set {spec.name!r}: {APART} = {count} leaves none of {there} images to evaluate."
        )
    chosen = {(2 * k + 1) * there // (2 * count) for k in range(count)}
    kept = tuple(p for i, p in enumerate(pairs) if i not in chosen)
    return kept, tuple(pairs[i] for i in sorted(chosen))


def _pairs(spec: Dataset, split: str) -> tuple[Pair, ...]:
    """Photograph and mask of each image of a split.

    Raises:
        DatasetError: an option is wrong, a folder, list or partner is missing, or images share a name.
    """
    known_options(spec, _OPTIONS)
    root, name = root_of(spec, _HOLDS), split_folder(spec, split)
    prefix, suffix = (str(spec.options.get(k, "")) for k in ("list_prefix", "mask_suffix"))
    told = {k: str(spec.options[k]) for k in _PLACES if k in spec.options}
    placed = places(spec, root, told, split)
    apart = any("{split}" in v for v in told.values())
    base = root if apart or not (root / name / "images").is_dir() else root / name
    if base == root and not apart and split != spec.split:
        # Without folders for splits, another split would be the evaluation images again.
        raise DatasetError(
            f"Data set {spec.name!r} has no split {split!r}: looked for {root / name / 'images'}.",
            f"Put them there, and those of {spec.split!r} into {root / spec.split / 'images'}; or set "
            f"images aside with options = {{ {APART} = 8 }}.",
        )
    images, masks = (placed.get(k, base / k) for k in ("images", "masks"))
    if "list" in placed:
        return in_list(placed["list"], root, images, masks, prefix=prefix, suffix=suffix)
    return in_folders(images, masks, suffix)
