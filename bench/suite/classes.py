"""The Cityscapes classes: names, ids, categories and colours.

Source: the label table of `cityscapesscripts` (`helpers/labels.py`); a test holds this copy equal to
it, so that nothing needs that package at run time.
"""

from __future__ import annotations

from typing import NamedTuple


class ClassInfo(NamedTuple):
    """One evaluated class."""

    name: str
    label_id: int
    train_id: int
    category: str
    colour: tuple[int, int, int]
    has_instances: bool


CITYSCAPES: tuple[ClassInfo, ...] = (
    ClassInfo("road", 7, 0, "flat", (128, 64, 128), False),
    ClassInfo("sidewalk", 8, 1, "flat", (244, 35, 232), False),
    ClassInfo("building", 11, 2, "construction", (70, 70, 70), False),
    ClassInfo("wall", 12, 3, "construction", (102, 102, 156), False),
    ClassInfo("fence", 13, 4, "construction", (190, 153, 153), False),
    ClassInfo("pole", 17, 5, "object", (153, 153, 153), False),
    ClassInfo("traffic light", 19, 6, "object", (250, 170, 30), False),
    ClassInfo("traffic sign", 20, 7, "object", (220, 220, 0), False),
    ClassInfo("vegetation", 21, 8, "nature", (107, 142, 35), False),
    ClassInfo("terrain", 22, 9, "nature", (152, 251, 152), False),
    ClassInfo("sky", 23, 10, "sky", (70, 130, 180), False),
    ClassInfo("person", 24, 11, "human", (220, 20, 60), True),
    ClassInfo("rider", 25, 12, "human", (255, 0, 0), True),
    ClassInfo("car", 26, 13, "vehicle", (0, 0, 142), True),
    ClassInfo("truck", 27, 14, "vehicle", (0, 0, 70), True),
    ClassInfo("bus", 28, 15, "vehicle", (0, 60, 100), True),
    ClassInfo("train", 31, 16, "vehicle", (0, 80, 100), True),
    ClassInfo("motorcycle", 32, 17, "vehicle", (0, 0, 230), True),
    ClassInfo("bicycle", 33, 18, "vehicle", (119, 11, 32), True),
)
