"""COCO's instance format (https://cocodataset.org/#format-data): photographs, and one JSON file of objects."""

import json
from collections import defaultdict
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.datasets.base import DatasetLoader, Images, inside, known_options, places, root_of, sizes
from bench.datasets.decode import image_size, read_image
from bench.errors import DatasetError
from bench.objects import Objects, coco, objects
from bench.registry import suggest
from bench.resources import read_bytes
from bench.suite.base import digest
from bench.suite.dataset import Dataset

_OPTIONS = {"images": "{split}", "annotations": "annotations/instances_{split}.json"}
_KEYS = ("segmentation", "category_id", "area", "iscrowd")


class InstancesFile:
    """A JSON file; `images` and `listed` go by the id of an image."""

    def __init__(self, path: Path, spec: Dataset) -> None:
        """Read the file.

        Raises:
            DatasetError: it is missing or not in this format, or lacks a class of the spec.
        """
        self.path = path
        try:
            raw = json.loads(read_bytes(path))
            names = {int(c["id"]): str(c["name"]) for c in raw["categories"]}
            # File name, height and width of each photograph.
            self.images: dict[Any, tuple[str, tuple[int, int]]] = {
                p["id"]: (
                    str(inside(p["file_name"], str(path))),
                    (int(p["height"]), int(p["width"])),
                )
                for p in raw["images"]
            }
            self.listed: dict[Any, list[dict[str, Any]]] = defaultdict(list)
            for a in raw["annotations"]:
                self.listed[a["image_id"]].append({k: a[k] for k in _KEYS})
        except OSError as error:
            raise DatasetError(f"{path} can't be read: {error.strerror}.") from None
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            what = f"no key {error}" if isinstance(error, KeyError) else error
            raise DatasetError(f"{path} is not in COCO's instance format: {what}.") from None
        for name in spec.classes:
            if name not in names.values():
                every = json.dumps([*names.values()])
                raise DatasetError(
                    f"Data set {spec.name!r} names the class {name!r}, which {path} lacks.",
                    f"{suggest(name, names.values())} All of the file's: classes = {every}",
                )
        classes = {name: index for index, name in enumerate(spec.classes)}
        # Class index of each category; None where the spec does not evaluate it.
        self.index = {id_: classes.get(name) for id_, name in names.items()}

    def objects(self, image: Any) -> Objects:
        """Objects of an image; those of a category that is not evaluated are left out.

        Raises:
            DatasetError: a category is unknown, or a mask can't be read.
        """
        masks, classes, areas, crowd = [], [], [], []
        size = self.images[image][1]
        for annotation in self.listed.get(image, ()):
            if annotation["category_id"] not in self.index:
                raise DatasetError(
                    f"{self.path} gives an object of image {image!r} the category "
                    f"{annotation['category_id']!r}, which its `categories` lack."
                )
            index = self.index[annotation["category_id"]]
            if index is not None:
                masks.append(self._runs(annotation["segmentation"], size, image))
                classes.append(index)
                areas.append(float(annotation["area"]))
                crowd.append(bool(annotation["iscrowd"]))
        return objects(size, masks, classes, areas=areas, crowd=crowd)

    def _runs(self, shape: Any, size: tuple[int, int], image: Any) -> bytes:
        """Run lengths of polygons, of plain run lengths, or of compressed ones."""
        mask = coco()
        said = f"{self.path} holds a mask of image {image!r} that can't be read"
        if isinstance(shape, dict) and shape.get("size") != [*size]:
            raise DatasetError(
                f"{said}: its size is {shape.get('size')!r:.60}, that of the image {[*size]}."
            )
        try:
            if isinstance(shape, list):
                made = mask.merge(mask.frPyObjects(shape, *size))
            elif isinstance(shape["counts"], list):
                made = mask.frPyObjects(shape, *size)
            else:
                made = {**shape, "counts": shape["counts"].encode()}
            counts: bytes = made["counts"]
        except Exception as error:  # noqa: BLE001 - pycocotools raises bare ones
            raise DatasetError(f"{said}: {error}.") from None
        return counts


class CocoImages(Images):
    """An opened split: the images with some ids in the file, photographs in `folder`."""

    def __init__(self, file: InstancesFile, folder: Path, ids: list[Any]) -> None:
        self.file, self.folder, self.ids = file, folder, ids
        paths = (PurePosixPath(file.images[i][0]).with_suffix("") for i in ids)
        self.names = tuple("_".join(p.parts) for p in paths)

    def image(self, index: int) -> NDArray[np.uint8]:
        """Photograph, uint8 (H, W, 3) RGB."""
        return read_image(self.files(index)[0])

    def truth(self, index: int) -> NDArray[np.uint8]:
        """Class indices, uint8 (H, W), smaller objects on top; VOID where there is no object."""
        return self.objects(index).labels()

    def objects(self, index: int) -> Objects:
        """Objects of the JSON file."""
        return self.file.objects(self.ids[index])

    def files(self, index: int) -> tuple[Path, ...]:
        """Photograph; with the first image also the JSON file, which belongs to all."""
        photograph = self.folder / self.file.images[self.ids[index]][0]
        return (photograph,) if index else (photograph, self.file.path)

    def check(self) -> None:
        """Refuse a photograph that is missing, or of another size than the file says."""
        coco()
        for index, image in enumerate(self.ids):
            photograph, expected = self.files(index)[0], self.file.images[image][1]
            if (found := image_size(photograph)) != expected:
                raise DatasetError(
                    f"{photograph} is {found[0]} x {found[1]} pixels, {self.file.path} says "
                    f"{expected[0]} x {expected[1]}."
                )


class CocoLoader(DatasetLoader):
    """`root/SPLIT` and `root/annotations/instances_SPLIT.json`.

    Options: `images`, the folder of the photographs, and `annotations`, the JSON file; both below the
    root, with `{split}` where the split's name stands; and `splits`. The masks need pycocotools.
    """

    def plan_digest(self, spec: Dataset) -> str:
        """Digest of the split's file names and sizes."""
        images = self.open(spec, Path())
        files = sizes(f for i in range(len(images.names)) for f in images.files(i))
        return digest({"loader": "coco", "split": spec.split, "files": files})

    def open(
        self, spec: Dataset, cache: Path, *, split: str | None = None, count: int | None = None
    ) -> CocoImages:
        """Opened split, in the order of its names; the first `count` images."""
        del cache  # nothing is made
        known_options(spec, (*_OPTIONS, "splits"))
        root = root_of(spec, "annotations/instances_SPLIT.json")
        folder, path = places(spec, root, _OPTIONS, split or spec.split).values()
        file = InstancesFile(path, spec)
        found = sorted(file.images, key=file.images.__getitem__)[:count]
        if not found:
            raise DatasetError(f"{path} names no images.")
        return CocoImages(file, folder, found)
