"""The user's own pictures: images/ and masks/ of equal names, one class index a pixel."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bench.datasets.base import VOID, Images
from bench.datasets.checks import known_options, safe_name, whole
from bench.datasets.decode import UNKNOWN, image_size, indices, read_bands, read_map
from bench.errors import DatasetError
from bench.suite.base import digest

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bench.suite.dataset import Dataset

Pair = tuple[Path, Path]
OPTION = "calibration_images"
_IMAGES = (".png", ".jpg", ".jpeg", ".npy", ".npz", ".tif", ".tiff")


class FolderLoader:
    """`root/images` and `root/masks`, or `root/SPLIT/images` and `root/SPLIT/masks`.

    Its option `calibration_images` sets so many images aside for quantizers, where no folder holds
    another split. They are spread over the sorted names, and never evaluated.
    """

    def plan_digest(self, spec: Dataset) -> str:
        """Digest of the file names and sizes."""
        pairs = _pairs(spec, spec.split)
        sizes = [(path.name, path.stat().st_size) for pair in pairs for path in pair]
        options = {"options": spec.options} if spec.options else {}
        return digest({"loader": "folder", "split": spec.split, "files": sizes, **options})

    def prepare(
        self, spec: Dataset, cache: Path, *, split: str | None = None, count: int | None = None
    ) -> None:
        """Check that names pair up and that both headers of each pair promise one size.

        Raises:
            DatasetError: a folder or partner is missing, or sizes differ.
        """
        images = self.open(spec, cache, split=split, count=count)
        for image, mask in images.pairs:
            _same_size(image, image_size(image), mask, image_size(mask))

    def open(
        self,
        spec: Dataset,
        cache: Path,  # noqa: ARG002 - the contract's; nothing is made here
        *,
        split: str | None = None,
        count: int | None = None,
    ) -> FolderImages:
        """Opened folder, in the order of its names; the first `count` images."""
        split = split or spec.split
        pairs: tuple[Pair, ...]
        aside: tuple[Pair, ...] = ()
        if OPTION not in spec.options:
            pairs = _pairs(spec, split)
        else:
            if split != spec.split and (_root(spec) / safe_name(split, "split")).is_dir():
                raise DatasetError(
                    f"Data set {spec.name!r} has a split {split!r} and sets images aside, too.",
                    f"Leave its option {OPTION} out.",
                )
            pairs, aside = _apart(spec, _pairs(spec, spec.split))
        names = tuple(image.stem for image, _ in aside)
        chosen = (pairs if split == spec.split else aside or pairs)[:count]
        return FolderImages(chosen, _table(spec), spec.classes, spec.ignore_index, set_aside=names)


@dataclass(frozen=True, eq=False)
class FolderImages(Images):
    """An opened folder."""

    pairs: tuple[Pair, ...]
    """Photograph and mask."""
    table: NDArray[np.uint8]
    """Class index by mask value, uint8 (256,)."""
    classes: tuple[str, ...]
    ignore_index: int
    groups: tuple[str, ...] = ()
    set_aside: tuple[str, ...] = ()
    names: tuple[str, ...] = field(init=False)
    """Stems."""

    def __post_init__(self) -> None:
        """Derive the names."""
        object.__setattr__(self, "names", tuple(image.stem for image, _ in self.pairs))

    def image(self, index: int) -> NDArray[np.uint8]:
        """Photograph, uint8 (H, W, 3) RGB, or bands (H, W, C) of any type."""
        return read_bands(self.pairs[index][0])

    def truth(self, index: int) -> NDArray[np.uint8]:
        """Class indices, uint8 (H, W); VOID where the mask holds the ignored index."""
        image, mask = self.pairs[index]
        raw = read_map(mask)
        if raw.dtype != np.uint8:
            raise DatasetError(
                f"{mask} has 16 bits a pixel.", "Store one 8-bit class index a pixel."
            )
        hint = (
            f"Classes are 0 to {len(self.classes) - 1}, the ignored index is {self.ignore_index}; change "
            "`classes` or `ignore_index` of the data set."
        )
        classes: NDArray[np.uint8] = indices(raw, self.table, mask, hint)
        _same_size(image, image_size(image), mask, classes.shape)
        return classes

    def instances(self, index: int) -> None:  # noqa: ARG002 - the contract's
        """None: masks have no instances."""
        return

    def files(self, index: int) -> tuple[Path, ...]:
        """Photograph and mask."""
        return self.pairs[index]


def _table(spec: Dataset) -> NDArray[np.uint8]:
    if len(spec.classes) > UNKNOWN:
        raise DatasetError(f"Data set {spec.name!r} has {len(spec.classes)} classes, 254 at most.")
    table = np.full(256, UNKNOWN, np.uint8)
    table[: len(spec.classes)] = np.arange(len(spec.classes))
    table[spec.ignore_index] = VOID
    return table


def _same_size(image: Path, size: tuple[int, ...], mask: Path, other: tuple[int, ...]) -> None:
    if size != other:
        raise DatasetError(
            f"{image} is {size[0]} x {size[1]} pixels, {mask} is {other[0]} x {other[1]}.",
            "A mask has exactly its image's height and width.",
        )


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


def _root(spec: Dataset) -> Path:
    if not spec.root:
        raise DatasetError(
            f"Nobody said where the data set {spec.name!r} lies.",
            f"Give --root {spec.name}=DIR, a folder that holds images/ and masks/.",
        )
    return Path(spec.root).expanduser()


def _pairs(spec: Dataset, split: str) -> tuple[Pair, ...]:
    """Photograph and mask by sorted stem.

    Raises:
        DatasetError: a folder or a partner is missing, or two images share a stem.
    """
    known_options(spec, (OPTION,))
    root = _root(spec)
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
