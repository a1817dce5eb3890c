"""The Cityscapes classes: names, ids, categories and colours, from the table of `cityscapesscripts`."""

import warnings
from typing import NamedTuple

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # escape sequences that current Pythons warn about
    from cityscapesscripts.helpers.labels import labels


class ClassInfo(NamedTuple):
    """One evaluated class."""

    name: str
    label_id: int
    train_id: int
    category: str
    colour: tuple[int, int, int]
    has_instances: bool


CITYSCAPES: tuple[ClassInfo, ...] = tuple(
    ClassInfo(x.name, x.id, x.trainId, x.category, x.color, x.hasInstances)
    for x in sorted(labels, key=lambda x: x.trainId)
    if 0 <= x.trainId < 255
)
"""The evaluated ones, in the order of their train ids."""
