"""Class tables by name: Cityscapes' from `cityscapesscripts`, those of ADE20K and COCO from `classes.toml`."""

import tomllib
import warnings
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from bench.registry import suggest

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # escape sequences that current Pythons warn about
    from cityscapesscripts.helpers.labels import labels

T = TypeVar("T")


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
def _raw() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))


@cache
def tables() -> dict[str, tuple[str, ...]]:
    """Table's name -> names of its classes, by index."""
    found = {"cityscapes": tuple(c.name for c in CITYSCAPES)}
    found |= {name: tuple(of) for name, of in _raw().items() if name != "class_map"}
    return {**found, "coco-panoptic": found["coco"] + found["coco-stuff"]}


def listed(value: Any) -> Any:
    """The classes of a table that is named, a tuple for a list, else the value itself.

    Raises:
        ValueError: there is no table of that name.
    """
    if not isinstance(value, str):
        return tuple(value) if isinstance(value, list) else value
    return _named(tables(), value, "class table")


def mapped(value: Any) -> Any:
    """The map, other name -> class, that is named, or the value itself.

    Raises:
        ValueError: there is no map of that name.
    """
    return _named(_raw()["class_map"], value, "class map") if isinstance(value, str) else value


def _named(known: Mapping[str, T], name: str, what: str) -> T:
    if name not in known:
        raise ValueError(f"there is no {what} {name!r}. {suggest(name, known)}")
    return known[name]
