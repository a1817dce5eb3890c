"""The base of every record."""

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


class Measured(Record):
    """A measurement of a case."""

    kind: str
    version: int = 1


class Absent(Record):
    """A number that isn't there, and why."""

    reason: str


def now() -> str:
    """This moment, UTC, to the second, as records write it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
