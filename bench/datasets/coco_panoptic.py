"""COCO's panoptic layout: photographs, one JSON file, and a folder of PNGs beside it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import numpy as np

from bench.datasets.base import Images
from bench.datasets.checks import known_options, safe_name
from bench.datasets.decode import image_size, read_image
from bench.datasets.panoptic import read_panoptic
from bench.errors import DatasetError
from bench.suite.base import digest

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bench.datasets.panoptic import PanopticFile, Photograph
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
        sizes = [
            (path.name, _bytes(path)) for i in range(len(images.names)) for path in images.files(i)
        ]
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
            sizes = image_size(photograph), image_size(png)
            if sizes[0] != sizes[1]:
                words = [f"{path} is {h} x {w} pixels" for path, (h, w) in
                         zip((photograph, png), sizes, strict=True)]  # fmt: skip
                raise DatasetError(", ".join(words) + ".")

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
        found = sorted(file.photographs, key=lambda p: p.file_name)[:count]
        return CocoPanopticImages(file, folder, tuple(found))


@dataclass(frozen=True, eq=False)
class CocoPanopticImages(Images):
    """An opened split."""

    file: PanopticFile
    folder: Path
    """Of the photographs."""
    photographs: tuple[Photograph, ...]
    names: tuple[str, ...] = field(init=False)
    """File names without their ending."""
    groups: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Derive the names."""
        paths = (PurePosixPath(p.file_name).with_suffix("") for p in self.photographs)
        object.__setattr__(self, "names", tuple("_".join(p.parts) for p in paths))

    def image(self, index: int) -> NDArray[np.uint8]:
        """Photograph, uint8 (H, W, 3) RGB."""
        return read_image(self.folder / self.photographs[index].file_name)

    def truth(self, index: int) -> NDArray[np.uint8]:
        """Class indices, uint8 (H, W), crowds included; VOID where there is no segment."""
        return self.segments(index).labels()

    def instances(self, index: int) -> NDArray[np.int32] | None:
        """Instance ids, int32 (H, W), `class index * 1000 + n + 1000`; 0 in stuff and crowds."""
        segments = self.segments(index)
        table = np.zeros(len(segments.classes) + 1, np.int32)
        for k, (name, crowd) in enumerate(zip(segments.classes, segments.crowd, strict=True)):
            if name in self.file.things and not crowd:
                table[k + 1] = 1000 * (name + 1) + np.count_nonzero(segments.classes[:k] == name)
        return table[segments.ids]

    def segments(self, index: int) -> Segments:
        """Segments of the JSON file and the PNG."""
        return self.file.segments(self.photographs[index].id)

    def files(self, index: int) -> tuple[Path, ...]:
        """Photograph and PNG; with the first image also the JSON file, which belongs to all."""
        one = self.photographs[index]
        found = (self.folder / one.file_name, self.file.png(one.id))
        return found if index else (*found, self.file.path)


def _bytes(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError as error:
        raise DatasetError(f"{path}: {error.strerror}.", "Unpack the data set again.") from None
