"""Class tables by name: Cityscapes' from `cityscapesscripts`, those of ADE20K and COCO from `classes.toml`."""

import tomllib
import warnings
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from bench.registry import suggest

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


@cache
def tables() -> dict[str, tuple[str, ...]]:
    """Table's name -> names of its classes, by index."""
    raw = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
    found = {"cityscapes": tuple(c.name for c in CITYSCAPES)}
    found |= {name: tuple(classes) for name, classes in raw.items()}
    return {**found, "coco-panoptic": found["coco"] + found["coco-stuff"]}


def listed(value: Any) -> Any:
    """The classes of a table that is named, a tuple for a list, else the value itself.

    Raises:
        ValueError: there is no table of that name.
    """
    if not isinstance(value, str):
        return tuple(value) if isinstance(value, list) else value
    if value not in tables():
        raise ValueError(f"there is no class table {value!r}. {suggest(value, tables())}")
    return tables()[value]
