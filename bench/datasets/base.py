"""What every dataset loader offers, and the checks that they share."""

import hashlib
import re
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from bench.errors import DatasetError
from bench.objects import Objects
from bench.registry import suggest
from bench.resources import read_bytes
from bench.segments import VOID, Segments
from bench.suite.dataset import Dataset

__all__ = ["VOID", "DatasetLoader", "Images", "content_digest"]

# One part of a path: no separators, no leading dot, so that no name leaves its folder.
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")


class Images(Protocol):
    """An opened split: images and their labels, by position."""

    names: tuple[str, ...]
    """Unique names, in a fixed order."""
    groups: tuple[str, ...] = ()
    """Group (city) of each image; empty where there are none."""
    set_aside: tuple[str, ...] = ()
    """Names of images of the split that calibrate quantizers and are not among `names`."""
    meaning: str = ""
    """What turns the files' values into classes, where the suite declares it; part of the content."""

    def image(self, index: int) -> NDArray[np.uint8]:
        """Photograph, uint8 (H, W, 3) RGB.

        Raises:
            DatasetError: the file is missing or corrupt; it is named.
        """
        ...

    def truth(self, index: int) -> NDArray[np.uint8]:
        """Class indices, uint8 (H, W); VOID where unlabelled.

        Raises:
            DatasetError: the file is missing or corrupt, or holds a value that means nothing.
        """
        ...

    def instances(self, index: int) -> NDArray[np.int32] | None:  # noqa: ARG002 - the leaves'
        """Instance ids, int32 (H, W); None if the set has none.

        An id is `class index * 1000 + n + 1000` where there is an instance of an evaluated class
        with instances, and 0 elsewhere.
        """
        return None

    def segments(self, index: int) -> Segments | None:  # noqa: ARG002 - the leaves'
        """Panoptic ground truth of the set's classes; None if the set has none."""
        return None

    def objects(self, index: int) -> Objects | None:  # noqa: ARG002 - the leaves'
        """Objects with a mask each, which may overlap; None if the set has none but its segments."""
        return None

    def files(self, index: int) -> tuple[Path, ...]:
        """Files behind one image, for the content digest."""
        ...

    def segment_files(self, index: int) -> tuple[Path, ...]:  # noqa: ARG002 - the leaves'
        """Further files, which `segments` alone reads."""
        return ()

    def check(self) -> None:
        """Refuse files that contradict each other, as their headers tell (DatasetError)."""
        return


class DatasetLoader(Protocol):
    """Makes or checks a set, then opens it.

    `cache` is the folder that made sets lie in. `split` is the spec's own unless told, since
    calibration reads another; `count` asks for its first so many images, None for all.
    """

    paints: ClassVar[bool] = False
    """Whether a split has as many images as are asked for."""

    def plan_digest(self, spec: Dataset) -> str:
        """Digest of what determines the set, cheap, without reading images.

        Raises:
            DatasetError: the set isn't there; the message says what was looked for.
        """
        ...

    def prepare(
        self, spec: Dataset, cache: Path, *, split: str | None = None, count: int | None = None
    ) -> None:
        """Make a split in `cache`, or check the user's copy, as here. Idempotent.

        Raises:
            DatasetError: the copy is missing, incomplete or inconsistent.
        """
        self.open(spec, cache, split=split, count=count).check()

    def open(
        self, spec: Dataset, cache: Path, *, split: str | None = None, count: int | None = None
    ) -> Images:
        """Opened split; a made set is made first where it is missing."""
        ...


def content_digest(images: Images, count: int | None = None, *, segments: bool = False) -> str:
    """sha256, hexadecimal, over names and files of the first `count` images (None = all).

    `segments` adds the files that only `Images.segments` reads.
    """
    total = hashlib.sha256(images.meaning.encode())
    for index, name in enumerate(images.names[:count]):
        total.update(name.encode())
        for path in images.files(index) + (images.segment_files(index) if segments else ()):
            total.update(hashlib.sha256(read_bytes(path)).digest())
    return total.hexdigest()


def sizes(paths: Iterable[Path]) -> list[tuple[str, int]]:
    """Name and bytes of each file, for a digest that reads none.

    Raises:
        DatasetError: a file is missing.
    """
    try:
        return [(path.name, path.stat().st_size) for path in paths]
    except OSError as error:
        raise DatasetError(f"{error.filename} is missing.", "Unpack the set again.") from None


def root_of(spec: Dataset, holds: str) -> Path:
    """Folder of a set that the user has; `holds` says what is in it.

    Raises:
        DatasetError: it isn't given, or isn't there.
    """
    hint = f"Give --root {spec.name}=DIR, a folder that holds {holds}."
    if not spec.root:
        raise DatasetError(f"The folder of the data set {spec.name!r} isn't given.", hint)
    root = Path(spec.root).expanduser()
    if not root.is_dir():
        raise DatasetError(
            f"Looked for the folder {root} of the data set {spec.name!r}: there is none.", hint
        )
    return root


def known_options(spec: Dataset, known: Collection[str]) -> None:
    """Refuse an option that the loader doesn't know (DatasetError)."""
    for name in spec.options:
        if name not in known:
            raise DatasetError(
                f"Data set {spec.name!r} has an unknown option {name!r}.",
                suggest(name, known) if known else f"The loader {spec.loader!r} has no options.",
            )


def split_folder(spec: Dataset, split: str) -> str:
    """Name of a split in the set's folders: the split's own, or what the option `splits` says.

    Raises:
        DatasetError: it can't be one part of a path.
    """
    names = spec.options.get("splits", {})
    if not isinstance(names, dict):
        raise DatasetError(
            f"Option 'splits' of data set {spec.name!r} is {names!r:.60}.",
            'It is a table: splits = { train = "training" }.',
        )
    return safe_name(names.get(split, split), "split")


def places(spec: Dataset, root: Path, defaults: Mapping[str, str], split: str) -> dict[str, Path]:
    """Option -> path below the root, as told or by default, with the split's folder for `{split}`.

    Raises:
        DatasetError: it leads out of the root.
    """
    folder = split_folder(spec, split)
    told = {key: str(spec.options.get(key, default)) for key, default in defaults.items()}
    return {
        key: root
        / inside(value.replace("{split}", folder), f"Option {key!r} of data set {spec.name!r}")
        for key, value in told.items()
    }


def inside(name: object, where: str) -> PurePosixPath:
    """Relative path that stays within its folder; `where` tells who names it.

    Raises:
        DatasetError: it is no text, empty or absolute, or leads out.
    """
    path = PurePosixPath(str(name).replace("\\", "/"))
    if not isinstance(name, str) or not path.parts or path.is_absolute() or ".." in path.parts:
        raise DatasetError(
            f"{where} names the path {name!r:.80}.",
            "Paths are relative to the data set's root and stay within it.",
        )
    return path


def safe_name(name: object, what: str) -> str:
    """The name itself, fit to be one part of a path.

    Raises:
        DatasetError: it is empty, no text, or could lead out of its folder.
    """
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise DatasetError(
            f"{name!r} can't be the name of a {what}.",
            "Use letters, digits, '_', '-' and '.', beginning with a letter or digit.",
        )
    return name


def whole(value: object, option: str, low: int, high: int) -> int:
    """The option's value, an integer between `low` and `high`; else a DatasetError."""
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise DatasetError(
            f"Option {option!r} is {value!r}.", f"It takes an integer from {low} to {high}."
        )
    return value
