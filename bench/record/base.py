"""The base of every record."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import ClassVar

from pydantic import BaseModel, ConfigDict


class Record(BaseModel):
    """Frozen; unknown keys are refused."""

    model_config = ConfigDict(
        populate_by_name=True, frozen=True, extra="forbid", protected_namespaces=()
    )
    by_image: ClassVar[tuple[str, ...]] = ()
    """Fields that are lists with one entry an image; `images`, where it is one, names them. Shards of
    a pass over the images are joined by them."""


class ArrayFile(Record):
    """Arrays beside the JSON."""

    file: str
    """Name of an .npz in the folder of the JSON."""
    sha256: str
    """Of the .npz; a reader checks it."""


class ImageCounts(Record):
    """A task's counts of every image."""

    by_image = ("images", "groups", "classified")
    kind: str
    version: int = 1
    classes: tuple[str, ...]
    images: tuple[str, ...]
    """Names of the images that were evaluated, in order."""
    asked: int
    """Images that the protocol asked for; fewer were seen where the time limit ended the pass."""
    groups: tuple[str, ...] = ()
    """Group (city) of every image, which intervals may leave out as a whole; empty = none."""
    classified: tuple[int, ...] = ()
    """Pixels of every image that were predicted as any class, not as void; empty in older records."""
    arrays: ArrayFile


class Absent(Record):
    """A number that isn't there, and why."""

    reason: str


def now() -> str:
    """This moment, UTC, to the second, as records write it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
