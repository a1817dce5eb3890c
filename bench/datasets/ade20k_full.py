"""The full ADE20K, release 2021_17_01: masks of colours, and a JSON file an image that names them.

`images/ADE/SPLIT/.../STEM.jpg` is the photograph. In `STEM_seg.png` a pixel's object has the number
`R // 10 * 256 + G`, 0 where nothing is annotated. `STEM.json` holds `annotation.object`, a list with
`name_ndx`, that number, and `name`, its synonyms. (The pickled index of the release is not read:
unpickling runs code.)
"""

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.datasets.base import (
    VOID,
    DatasetLoader,
    Images,
    known_options,
    root_of,
    sizes,
    split_folder,
)
from bench.datasets.decode import image_size, read_image, same_size
from bench.errors import DatasetError
from bench.resources import read_bytes
from bench.suite.base import digest
from bench.suite.dataset import Dataset


class AdeImages(Images):
    """Opened photographs, in the order of their names."""

    def __init__(self, spec: Dataset, photographs: tuple[Path, ...]) -> None:
        self.spec, self.photographs = spec, photographs
        self.names = tuple(p.stem for p in photographs)

    def image(self, index: int) -> NDArray[np.uint8]:
        """Photograph, uint8 (H, W, 3) RGB."""
        return read_image(self.photographs[index])

    def truth(self, index: int) -> NDArray[np.uint8]:
        """Class indices, uint8 (H, W); VOID for objects whose name is no class of the spec."""
        photograph, mask, described = self.files(index)
        colours = read_image(mask)
        same_size(photograph, image_size(photograph), mask, colours.shape[:2])
        numbers = (colours[..., 0] // 10).astype(np.uint16) * 256 + colours[..., 1]
        named = _names(described)
        table = np.full(1 << 16, VOID, np.uint8)
        for number in np.unique(numbers).tolist():
            if not number:
                continue
            if number not in named:
                raise DatasetError(
                    f"{mask} holds the object {number}, which {described} does not name.",
                    "Both files belong to one release; unpack them again.",
                )
            if (found := self.spec.namesake(named[number])) is not None:
                table[number] = self.spec.classes.index(found)
        classes: NDArray[np.uint8] = table[numbers]
        return classes

    def files(self, index: int) -> tuple[Path, ...]:
        """Photograph, mask and description."""
        path = self.photographs[index]
        return path, path.with_name(f"{path.stem}_seg.png"), path.with_suffix(".json")

    def check(self) -> None:
        """Refuse a set whose names reach no class; of the first image with a class, all is read."""
        sizes(f for i in range(len(self.names)) for f in self.files(i))
        every = (name for i in range(len(self.names)) for name in _names(self.files(i)[2]).values())
        if all(self.spec.namesake(name) is None for name in every):
            raise DatasetError(
                f"No object of data set {self.spec.name!r} has the name of one of its classes "
                f"({', '.join(self.spec.classes[:3])} ...).",
                'Its classes are those of the full set, or `classes = "ade20k"` with '
                '`class_map = "ade20k"`.',
            )


class AdeFullLoader(DatasetLoader):
    """`root/images/ADE/SPLIT` with all that lies below it; its only option is `splits`."""

    def plan_digest(self, spec: Dataset) -> str:
        """Digest of the file names and sizes."""
        images = self.open(spec, Path())
        files = sizes(f for i in range(len(images.names)) for f in images.files(i))
        return digest({"loader": "ade20k_full", "split": spec.split, "files": files})

    def open(
        self, spec: Dataset, cache: Path, *, split: str | None = None, count: int | None = None
    ) -> AdeImages:
        """Opened split, in the order of its names; the first `count` images.

        Raises:
            DatasetError: no photograph is there, or it is the benchmark's folder.
        """
        del cache  # nothing is made
        known_options(spec, ("splits",))
        root, name = (
            root_of(spec, "images/ADE/validation/"),
            split_folder(spec, split or spec.split),
        )
        folder = root / "images" / "ADE" / name
        found = tuple(sorted(folder.rglob("*.jpg"), key=lambda p: p.stem))
        if not found:
            hint = "It is the folder ADE20K_2021_17_01 of the full release."
            if (root / "annotations").is_dir():
                hint = "That is ADEChallengeData2016: use the data set ade20k."
            raise DatasetError(f"There is no image {folder}/**/*.jpg.", hint)
        return AdeImages(spec, found[:count])


def _names(path: Path) -> dict[int, str]:
    """Number -> name of the objects that a JSON file describes."""
    try:
        listed = json.loads(read_bytes(path).decode("utf-8", "replace"))["annotation"]["object"]
        return {int(o["name_ndx"]): str(o["name"]) for o in listed}
    except OSError as error:
        raise DatasetError(f"{path} can't be read: {error.strerror}.") from None
    except (KeyError, TypeError, ValueError) as error:
        what = f"no key {error}" if isinstance(error, KeyError) else error
        raise DatasetError(
            f"{path} is no description of an image of the full ADE20K: {what}."
        ) from None
