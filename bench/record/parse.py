"""A file of a run -> its record, upgraded from older schemas; what isn't one is told in a sentence."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from bench.errors import RecordError
from bench.record.base import Record
from bench.record.result import SCHEMA, Result
from bench.record.upgrade import upgrade
from bench.resources import read_bytes
from bench.suite.base import fault

R = TypeVar("R", bound=Record)
PRESENT = b'{\n "schema": %d,' % SCHEMA
"""How a record begins as `store.to_json` writes it."""
BEGIN, END = b'\n "measurements": [\n', b"\n ],"
"""Where the measurements of such a result begin and end: what lies between is indented further, and
no string of JSON holds a line break."""


def read_result(path: Path) -> Result:
    """Result in a JSON file, upgraded from older schemas.

    Raises:
        RecordError: not JSON, not a result, or of a newer schema.
    """
    return parse(Result, path)


def parse(kind: type[R], path: Path, part: Callable[[bytes], bytes] = bytes) -> R:
    """A record of the present schema, or upgraded to it; `part` leaves out what isn't wanted."""
    content = part(content_of(path))
    try:
        if content.startswith(PRESENT):
            return kind.model_validate_json(content)
        return kind.model_validate(_upgraded(path, content))
    except ValidationError as e:
        raise _told(kind, path, e) from e


def plain(kind: type[R], path: Path) -> R:
    """A record that stands beside the results, in its own schema."""
    try:
        return kind.model_validate_json(content_of(path))
    except ValidationError as e:
        raise _told(kind, path, e) from e


def head(content: bytes) -> bytes:
    """The JSON of a result without its measurements, of which most of it consists.

    All of it where it isn't laid out as this version writes it.
    """
    begin = content.find(BEGIN)
    end = content.find(END, begin)
    if begin < 0 or end < 0 or not content.startswith(PRESENT):
        return content
    return content[:begin] + content[end + len(END) :]


def content_of(path: Path) -> bytes:
    """Bytes of a file of a run.

    Raises:
        RecordError: it can't be read, or is no regular file.
    """
    try:
        return read_bytes(path)
    except OSError as e:
        raise RecordError(f"{path} can't be read: {e.strerror}.") from e


def _upgraded(path: Path, content: bytes) -> dict[str, Any]:
    try:
        raw = json.loads(content)
    except (ValueError, RecursionError) as e:
        raise RecordError(f"{path} can't be read as JSON: {e}.") from e
    if not isinstance(raw, dict):
        raise RecordError(f"{path} holds no record.")
    return upgrade(raw, path)


def _told(kind: type[Record], path: Path, error: ValidationError) -> RecordError:
    first = error.errors()[0]
    if first["type"] == "json_invalid":
        return RecordError(f"{path} can't be read as JSON: {first['msg']}.")
    return RecordError(f"{path} isn't a {kind.__name__}: {fault(error)}.")
