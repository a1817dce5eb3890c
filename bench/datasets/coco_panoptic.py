"""COCO's panoptic layout: photographs, one JSON file, and a folder of PNGs beside it."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from bench.datasets.base import Images
from bench.datasets.checks import known_options, safe_name
from bench.datasets.decode import image_size, read_image
from bench.datasets.panoptic import read_panoptic
from bench.errors import DatasetError
from bench.suite.base import digest

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from bench.datasets.panoptic import PanopticFile
    from bench.segments import Segments
    from bench.suite.dataset import Dataset

_OPTIONS = {"images": "{split}", "panoptic": "annotations/panoptic_{split}"}


class CocoPanopticLoader:
    """`root/SPLIT`, `root/annotations/panoptic_SPLIT.json` and the folder of that name.

    Options: `images`, the folder of the photographs, and `panoptic`, the JSON file without its
    ending; both below the root, with `{split}` where the split's name stands.
    """

    def plan_digest(self, spec: Dataset) -> str:
        """Digest of the split's file names and sizes."""
        images = self.open(spec, Path())
        paths = chain.from_iterable(map(images.files, range(len(images.names))))
        try:
            sizes = [(path.name, path.stat().st_size) for path in paths]
        except OSError as error:
            raise DatasetError(f"{error.filename} is missing.", "Unpack the set again.") from None
        return digest({"loader": "coco_panoptic", "split": spec.split, "files": sizes})

    def prepare(
        self, spec: Dataset, cache: Path, *, split: str | None = None, count: int | None = None
    ) -> None:
        """Check that the photograph and the PNG of each image are there, in one size.

        Raises:
            DatasetError: a file is missing, or sizes differ.
        """
        images = self.open(spec, cache, split=split, count=count)
        for photograph, png, *_ in map(images.files, range(len(images.names))):
            (height, width), other = image_size(photograph), image_size(png)
            if (height, width) != other:
                raise DatasetError(
                    f"{photograph} is {height} x {width} pixels, {png} {other[0]} x {other[1]}."
                )

    def open(
        self,
        spec: Dataset,
        cache: Path,  # noqa: ARG002 - the contract's; nothing is made here
        *,
        split: str | None = None,
        count: int | None = None,
    ) -> CocoPanopticImages:
        """Opened split, in the order of its names; the first `count` images."""
        known_options(spec, _OPTIONS)
        if not spec.root:
            raise DatasetError(
                f"The folder of the data set {spec.name!r} isn't given.",
                f"Give --root {spec.name}=DIR, a folder that holds annotations/panoptic_SPLIT.json.",
            )
        split = safe_name(split or spec.split, "split")
        root = Path(spec.root).expanduser()
        folder, panoptic = (
            root / str(spec.options.get(name, default)).replace("{split}", split)
            for name, default in _OPTIONS.items()
        )
        file = read_panoptic(panoptic.with_name(f"{panoptic.name}.json"), panoptic, spec)
        found = sorted(file.images, key=file.images.__getitem__)[:count]
        if not found:
            raise DatasetError(f"{file.path} names no images.")
        return CocoPanopticImages(file, folder, tuple(found))


@dataclass(frozen=True, eq=False)
class CocoPanopticImages(Images):
    """An opened split."""

    file: PanopticFile
    folder: Path
    """Of the photographs."""
    ids: tuple[Any, ...]
    """Of the images, in the file."""
    names: tuple[str, ...] = field(init=False)
    """File names without their ending."""
    groups: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Derive the names."""
        paths = (PurePosixPath(self.file.images[i]).with_suffix("") for i in self.ids)
        object.__setattr__(self, "names", tuple("_".join(p.parts) for p in paths))

    def image(self, index: int) -> NDArray[np.uint8]:
        """Photograph, uint8 (H, W, 3) RGB."""
        return read_image(self.files(index)[0])

    def truth(self, index: int) -> NDArray[np.uint8]:
        """Class indices, uint8 (H, W), crowds included; VOID where there is no segment."""
        return self.segments(index).labels()

    def segments(self, index: int) -> Segments:
        """Segments of the JSON file and the PNG."""
        return self.file.segments(self.ids[index])

    def files(self, index: int) -> tuple[Path, ...]:
        """Photograph and PNG; with the first image also the JSON file, which belongs to all."""
        image = self.ids[index]
        found = (self.folder / self.file.images[image], self.file.png(image))
        return found if index else (*found, self.file.path)
