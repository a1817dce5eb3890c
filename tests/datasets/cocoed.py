"""A tiny data set in COCO's panoptic format."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from bench.suite.dataset import Dataset

CATEGORIES = (
    {"id": 1, "name": "person", "isthing": 1, "supercategory": "person"},
    {"id": 17, "name": "cat", "isthing": 1, "supercategory": "animal"},
    {"id": 184, "name": "tree-merged", "isthing": 0, "supercategory": "plant"},
    {"id": 200, "name": "rug-merged", "isthing": 0, "supercategory": "textile"},
)
CLASSES = ("tree-merged", "person", "cat")
THINGS = ("person", "cat")


def spec(root: Path | None, **more: Any) -> Dataset:
    """Three of the four categories are evaluated."""
    fields = {"split": "val2017", "classes": CLASSES, "things": THINGS, **more}
    return Dataset(name="tiny", loader="coco_panoptic", root=root and str(root), **fields)


def write(root: Path, split: str = "val2017") -> Path:
    """Two images: ids above one byte and above two, a crowd, void, and a rug that isn't evaluated."""
    ids = np.zeros((6, 8), np.int64)
    ids[:2] = 70_000
    ids[2:4, :4] = 300
    ids[2:4, 4:] = 301
    ids[4:, :2] = 9
    ids[4:, 2:4] = 12_345_678
    second = np.full((5, 4), 7)
    segments = {
        139: (ids, [(70_000, 184, 0), (300, 1, 0), (301, 1, 0), (9, 17, 1), (12_345_678, 200, 0)]),
        285: (second, [(7, 17, 0)]),
    }
    raw: dict[str, Any] = {"info": {}, "images": [], "annotations": [], "categories": CATEGORIES}
    (root / split).mkdir(parents=True)
    folder = root / "annotations" / f"panoptic_{split}"
    folder.mkdir(parents=True)
    # The file's order is not that of the names.
    for image_id, (numbers, listed) in reversed(segments.items()):
        name = f"{image_id:012d}"
        h, w = numbers.shape
        raw["images"].append({"id": image_id, "file_name": f"{name}.jpg", "height": h, "width": w})
        raw["annotations"].append({
            "image_id": image_id,
            "file_name": f"{name}.png",
            "segments_info": [
                {"id": i, "category_id": c, "iscrowd": crowd, "area": 1, "bbox": [0, 0, 1, 1]}
                for i, c, crowd in listed
            ],
        })
        photograph = np.full((h, w, 3), image_id % 256, np.uint8)
        cv2.imwrite(str(root / split / f"{name}.jpg"), photograph)
        colours = np.stack([numbers >> 16, numbers >> 8 & 255, numbers & 255], axis=-1)
        cv2.imwrite(str(folder / f"{name}.png"), colours.astype(np.uint8))
    (root / "annotations" / f"panoptic_{split}.json").write_text(json.dumps(raw))
    return root


def edited(root: Path, change: Any) -> Path:
    """The same with a JSON file that `change` was at."""
    path = root / "annotations" / "panoptic_val2017.json"
    raw = json.loads(path.read_text())
    change(raw)
    path.write_text(json.dumps(raw))
    return root
