"""The base of every spec, and canonical JSON with its hash."""

import hashlib
import json
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

LARGEST_SIDE, LARGEST_SEED, LONGEST_S = 65_536, 2**63 - 1, 30 * 24 * 3600
"""Limits of an image's side in pixels, of a seed, and of a time in seconds."""


class Spec(BaseModel):
    """Frozen; unknown keys and numbers that aren't finite are refused."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", protected_namespaces=(), allow_inf_nan=False
    )


def fault(error: ValidationError) -> str:
    """First fault of what a model refused: `field.inner: what is wrong`."""
    first = error.errors()[0]
    return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"


def canonical(value: Any) -> str:
    """JSON text with sorted keys and no spaces: equal values give equal text."""
    if isinstance(value, BaseModel):
        value = value.model_dump(mode="json")
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest(value: Any, length: int = 64) -> str:
    """sha256, hexadecimal, over the canonical JSON of a value."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()[:length]
