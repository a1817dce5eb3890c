"""Images and their masks: by equal names in two folders, or by the lines of a list file."""

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from bench.datasets.base import inside
from bench.errors import DatasetError
from bench.resources import read_bytes

Pair = tuple[Path, Path]
IMAGES = (".png", ".jpg", ".jpeg", ".npy", ".npz", ".tif", ".tiff")


def names_of(pairs: tuple[Pair, ...], root: Path) -> tuple[str, ...]:
    """Name of each image: its stem, or, where two share one, its path below the root."""
    stems = [image.stem for image, _ in pairs]
    if len(set(stems)) == len(stems):
        return tuple(stems)
    return tuple("_".join(i.relative_to(root).with_suffix("").parts) for i, _ in pairs)


def in_folders(images: Path, masks: Path, suffix: str = "") -> tuple[Pair, ...]:
    """Image and mask by sorted stem; a mask's name may add a suffix.

    Raises:
        DatasetError: a folder or a partner is missing, or two images share a stem.
    """
    found = by_stem(images, IMAGES)
    partners = by_stem(masks, (".png",), suffix)
    for have, want, kind, folder in (
        (found, partners, "mask", masks),
        (partners, found, "image", images),
    ):
        alone = sorted(set(have) - set(want))
        if alone:
            looked = folder / f"{alone[0]}{suffix if kind == 'mask' else ''}.png"
            raise DatasetError(
                f"{have[alone[0]]} has no {kind} ({len(found)} images and {len(partners)} masks).",
                f"{looked} was looked for.",
            )
    return tuple((found[stem], partners[stem]) for stem in sorted(found))


def by_stem(folder: Path, endings: tuple[str, ...], suffix: str = "") -> dict[str, Path]:
    """Stem, without the suffix, and file of those in a folder that end so.

    Raises:
        DatasetError: there are none, or two share a stem.
    """
    if not folder.is_dir():
        raise DatasetError(
            f"Looked for the folder {folder}, which is not there.",
            "The options `images` and `masks` of the data set name folders with files of equal names.",
        )
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() in endings and not path.name.startswith("."):
            if not path.stem.endswith(suffix):
                continue
            stem = path.stem.removesuffix(suffix)
            if stem in found:
                raise DatasetError(f"{found[stem]} and {path} share one name.")
            found[stem] = path
    if not found:
        raise DatasetError(
            f"{folder} holds no file that ends in {', '.join(suffix + e for e in endings)}."
        )
    return found


def in_list(
    listed: Path, root: Path, images: Path, masks: Path, *, prefix: str = "", suffix: str = ""
) -> tuple[Pair, ...]:
    """Image and mask of each line of a list file, in its order.

    A line is `image mask`, `image`, or a stem; fields are divided by a tab, a comma or blanks. A path
    counts from the root or, where there is no such file, from the folder of images or masks. A mask
    that the line doesn't name is the image's, with its own ending, in the folder of masks. `prefix` is
    cut off the front of every path. Empty lines and those that begin with `#` say nothing.

    Raises:
        DatasetError: the list is missing, empty or no text, a line is not of that form or leads out of
            the root, a file is missing, or an image is listed twice; file and line are named.
    """
    pairs: dict[Path, tuple[int, Path]] = {}
    for number, line in lines(listed):
        where = f"{listed}:{number}"
        named = [f.removeprefix(prefix) for f in fields(line)]
        if not 1 <= len(named) <= 2 or not all(named):
            raise DatasetError(
                f"{where} is {line!r:.80}.", "A line is `image mask`, `image`, or a stem."
            )
        parts = [inside(f, where) for f in named]
        image = _place(parts[0], root, images, IMAGES, where)
        if len(parts) == 2:
            mask = _place(parts[1], root, masks, (".png",), where)
        else:
            base = image.relative_to(images) if image.is_relative_to(images) else Path(image.name)
            mask = masks / base.with_name(f"{image.stem}{suffix}.png")
            if not mask.is_file():
                raise DatasetError(f"{where} names {line!r:.80}, whose mask {mask} is missing.")
        if image in pairs:
            raise DatasetError(f"{where} lists {image} again; line {pairs[image][0]} has it, too.")
        pairs[image] = (number, mask)
    if not pairs:
        raise DatasetError(f"{listed} lists no image.")
    return tuple((image, mask) for image, (_, mask) in pairs.items())


def lines(listed: Path) -> Iterator[tuple[int, str]]:
    """Number and text of each line of a list file that says something.

    Raises:
        DatasetError: it is missing, or no text.
    """
    try:
        raw = read_bytes(listed)
        text = raw.decode("utf-8-sig")
    except OSError as error:
        raise DatasetError(f"The list {listed} can't be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise DatasetError(f"The list {listed} isn't UTF-8 text.") from None
    for number, line in enumerate(text.splitlines(), 1):
        if (stripped := line.strip()) and not stripped.startswith("#"):
            yield number, stripped


def fields(line: str) -> list[str]:
    """Fields of a line, divided by a tab, a comma or blanks."""
    mark = next((m for m in ("\t", ",") if m in line), None)
    return [f.strip() for f in line.split(mark)] if mark else re.split(r"\s+", line)


def _place(
    part: PurePosixPath, root: Path, folder: Path, endings: tuple[str, ...], where: str
) -> Path:
    """File of a listed path, or of a stem, below the root or a folder.

    Raises:
        DatasetError: there is none, or a stem has several.
    """
    bare = part.suffix.lower() not in endings
    spelt = (*endings, *(e.upper() for e in endings))
    tried = [folder / f"{part}{e}" for e in spelt] if bare else [root / part, folder / part]
    there = [path for path in tried if path.is_file()]
    if not there:
        raise DatasetError(
            f"{where} names {str(part)!r}, of which there is no file.",
            f"Looked for {' and '.join(map(str, tried[:2]))}.",
        )
    if bare and len(there) > 1:
        raise DatasetError(f"{where}: {there[0]} and {there[1]} share one name.")
    return there[0]
