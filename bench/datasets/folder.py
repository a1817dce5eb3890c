"""The user's own pictures: images/ and masks/ of equal names, one class index a pixel."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.datasets.base import (
    VOID,
    DatasetLoader,
    Images,
    known_options,
    root_of,
    safe_name,
    sizes,
    whole,
)
from bench.datasets.decode import UNKNOWN, image_size, read_bands, read_indices, same_size
from bench.errors import DatasetError
from bench.suite.base import digest
from bench.suite.dataset import Dataset

Pair = tuple[Path, Path]

OPTION = "calibration_images"
_HOLDS = "images/ and masks/"
_IMAGES = (".png", ".jpg", ".jpeg", ".npy", ".npz", ".tif", ".tiff")


class FolderImages(Images):
    """An opened folder: pairs of photograph and mask."""

    def __init__(
        self, spec: Dataset, pairs: tuple[Pair, ...], set_aside: tuple[Pair, ...] = ()
    ) -> None:
        count, ignored = len(spec.classes), spec.ignore_index
        if count > UNKNOWN:
            raise DatasetError(f"Data set {spec.name!r} has {count} classes, 254 at most.")
        self.pairs = pairs
        self.names = tuple(image.stem for image, _ in pairs)
        self.set_aside = tuple(image.stem for image, _ in set_aside)
        # Class index by mask value.
        self._table = np.full(256, UNKNOWN, np.uint8)
        self._table[:count] = np.arange(count)
        self._table[ignored] = VOID
        self._hint = (
            f"Classes are 0 to {count - 1}, the ignored index is {ignored}; change `classes` or "
            "`ignore_index` of the data set."
        )

    def image(self, index: int) -> NDArray[np.uint8]:
        """Photograph, uint8 (H, W, 3) RGB, or bands (H, W, C) of any type."""
        return read_bands(self.pairs[index][0])

    def truth(self, index: int) -> NDArray[np.uint8]:
        """Class indices, uint8 (H, W); VOID where the mask holds the ignored index."""
        image, mask = self.pairs[index]
        classes = read_indices(mask, self._table, self._hint)
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
    """`root/images` and `root/masks`, or `root/SPLIT/images` and `root/SPLIT/masks`.

    Its option `calibration_images` sets so many images aside for quantizers, where no folder holds
    another split. They are spread over the sorted names, and never evaluated.
    """

    def plan_digest(self, spec: Dataset) -> str:
        """Digest of the file names and sizes."""
        files = sizes(path for pair in _pairs(spec, spec.split) for path in pair)
        options = {"options": spec.options} if spec.options else {}
        return digest({"loader": "folder", "split": spec.split, "files": files, **options})

    def open(
        self, spec: Dataset, cache: Path, *, split: str | None = None, count: int | None = None
    ) -> FolderImages:
        """Opened folder, in the order of its names; the first `count` images."""
        del cache  # nothing is made
        split = split or spec.split
        if OPTION not in spec.options:
            return FolderImages(spec, _pairs(spec, split)[:count])
        if split != spec.split and (root_of(spec, _HOLDS) / safe_name(split, "split")).is_dir():
            raise DatasetError(
                f"Data set {spec.name!r} has a split {split!r} and sets images aside, too.",
                f"Leave its option {OPTION} out.",
            )
        pairs, aside = _apart(spec, _pairs(spec, spec.split))
        return FolderImages(spec, (pairs if split == spec.split else aside)[:count], aside)


def _apart(spec: Dataset, pairs: tuple[Pair, ...]) -> tuple[tuple[Pair, ...], tuple[Pair, ...]]:
    """Pairs that are evaluated, and those that are set aside: the middles of equal stretches."""
    count, there = whole(spec.options[OPTION], OPTION, 1, 100_000), len(pairs)
    if count >= there:
        raise DatasetError(
            f"Data set {spec.name!r}: {OPTION} = {count} leaves none of {there} images to evaluate."
        )
    chosen = {(2 * k + 1) * there // (2 * count) for k in range(count)}
    kept = tuple(p for i, p in enumerate(pairs) if i not in chosen)
    return kept, tuple(pairs[i] for i in sorted(chosen))


def _pairs(spec: Dataset, split: str) -> tuple[Pair, ...]:
    """Photograph and mask by sorted stem.

    Raises:
        DatasetError: a folder or a partner is missing, or two images share a stem.
    """
    known_options(spec, (OPTION,))
    root = root_of(spec, _HOLDS)
    inner = root / safe_name(split, "split")
    base = inner if (inner / "images").is_dir() else root
    if base == root and split != spec.split:
        # Without folders for splits, another split would be the evaluation images again.
        raise DatasetError(
            f"Data set {spec.name!r} has no split {split!r}: looked for {inner / 'images'}.",
            f"Put them there, and those of {spec.split!r} into {root / spec.split / 'images'}; or set "
            f"images aside with options = {{ {OPTION} = 8 }}.",
        )
    images = _by_stem(base / "images", _IMAGES)
    masks = _by_stem(base / "masks", (".png",))
    for have, want, kind in ((images, masks, "mask"), (masks, images, "image")):
        alone = sorted(set(have) - set(want))
        if alone:
            raise DatasetError(
                f"{have[alone[0]]} has no {kind} ({len(images)} images and {len(masks)} masks in "
                f"{base}).",
                f"{base / f'{kind}s' / alone[0]}.png was looked for.",
            )
    return tuple((images[stem], masks[stem]) for stem in sorted(images))


def _by_stem(folder: Path, suffixes: tuple[str, ...]) -> dict[str, Path]:
    if not folder.is_dir():
        raise DatasetError(
            f"Looked for the folder {folder}: there is none.",
            "The loader `folder` wants images/ and masks/ with files of equal names.",
        )
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() in suffixes and not path.name.startswith("."):
            if path.stem in found:
                raise DatasetError(f"{found[path.stem]} and {path} share one name.")
            found[path.stem] = path
    if not found:
        raise DatasetError(f"{folder} holds no file that ends in {', '.join(suffixes)}.")
    return found
