"""The base of every record."""

from __future__ import annotations

from typing import ClassVar

from pydantic import BaseModel, ConfigDict


class Record(BaseModel):
    """Frozen; unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())
    by_image: ClassVar[tuple[str, ...]] = ()
    """Fields that are lists with one entry an image; `images`, where it is one, names them. Shards of
    a pass over the images are joined by them."""


class ArrayFile(Record):
    """Arrays beside the JSON."""

    file: str
    """Name of an .npz in the folder of the JSON."""
    sha256: str
    """Of the .npz; a reader checks it."""


class Absent(Record):
    """A number that isn't there, and why."""

    reason: str
