"""TOML -> checked types; whatever is wrong becomes one sentence with file, key and value.

Nothing in a suite runs: the text is parsed by `tomllib`, then checked against frozen types.
"""

import json
import re
import tomllib
import typing
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from bench.errors import SuiteError, UnknownName
from bench.registry import suggest
from bench.resources import read_bytes

T = TypeVar("T", bound=BaseModel)

MOST_BYTES, DEEPEST, MOST_DIGITS = 1_000_000, 32, 20
"""Limits of a suite's file: its size, the levels of its tables and lists, the digits of a number."""
_DOTTED = re.compile(rf"""(?<![\w"'-])(?:[\w"'-]++[ \t]*+\.[ \t]*+){{{DEEPEST}}}""")
"""A dotted key that is too deep; tomllib takes minutes to read a very long one."""
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+=-]*")
"""Names are parts of a case's id, in which `/` divides, and of file names."""


def read_toml(path: Path) -> dict[str, Any]:
    """Top table of a TOML file.

    Raises:
        SuiteError: it can't be read, isn't UTF-8, or isn't TOML (line and column are named), or is
            larger, deeper or holds longer numbers than a suite needs.
    """
    too_deep = SuiteError(f"it nests tables and lists deeper than {DEEPEST} levels.")
    with told_of(path):
        try:
            raw = read_bytes(path)
            if len(raw) > MOST_BYTES:
                raise SuiteError(f"it has {len(raw)} bytes; a suite has {MOST_BYTES} at most.")
            text = raw.decode()
            if _DOTTED.search(text):
                raise too_deep
            found = tomllib.loads(text, parse_float=_float)
            _limited(found)
        except RecursionError:
            raise too_deep from None
        except OSError as e:
            raise SuiteError(f"it can't be read: {e.strerror}.") from e
        except UnicodeDecodeError as e:
            raise SuiteError(f"it isn't UTF-8 text: {e.reason} at byte {e.start}.") from e
        except ValueError as e:  # TOMLDecodeError, or an integer of thousands of digits
            raise SuiteError(f"it isn't TOML: {e}.", "suites/README.md shows the format.") from e
    return found


def _limited(found: dict[str, Any]) -> None:
    """Refuse tables that are too deep, and integers that are too long; no recursion here."""
    level: list[Any] = [found]
    for _ in range(DEEPEST + 1):
        inner: list[Any] = []
        for value in level:
            if isinstance(value, dict):
                inner += value.values()
            elif isinstance(value, list):
                inner += value
            elif isinstance(value, int) and abs(value) >= 10**MOST_DIGITS:
                raise _too_long(str(value) if abs(value) < 10**100 else hex(value))
        level = inner
    if level:
        raise RecursionError


def _float(text: str) -> float:
    mantissa = re.split("[eE]", text)[0]
    if len(re.sub(r"\D", "", mantissa).lstrip("0")) > MOST_DIGITS:
        raise _too_long(text)
    return float(text)


def _too_long(number: str) -> SuiteError:
    return SuiteError(f"it holds the number {number[:24]}..., of more than {MOST_DIGITS} digits.")


@contextmanager
def told_of(file: Path) -> Iterator[None]:
    """Errors about what a suite's file says begin with the file."""
    try:
        yield
    except (SuiteError, UnknownName) as e:
        raise type(e)(f"{file}: {e.message}", e.hint) from None


def check_name(name: str, where: str) -> str:
    """The name itself.

    Raises:
        SuiteError: it could not stand in a case's id.
    """
    if not NAME.fullmatch(name) or "__" in name:
        raise SuiteError(
            f"{where}: {name!r} can't be a name.",
            "Use letters, digits and . + = -, and begin with a letter or digit.",
        )
    return name


def parse(kind: type[T], raw: Any, where: str = "") -> T:
    """Checked value; types are strict, so that `"30"` is no number.

    Raises:
        SuiteError: the first thing that is wrong: the key's path, the offending value.
    """
    try:
        # JSON is where pydantic is strict about scalars and still takes a list for a tuple.
        text = json.dumps(raw)
    except TypeError:
        key, value = next(_odd(raw, where))
        raise SuiteError(
            f"{key} = {value} is a {type(value).__name__}; no key takes one.", "Put it in quotes."
        ) from None
    try:
        return kind.model_validate_json(text, strict=True)
    except ValidationError as e:
        raise _explain(kind, e, where) from None


def dotted(*parts: str | int) -> str:
    """Path of a key: `block[1].protocol.iterations`; blocks are counted from 1."""
    out = ""
    for part in parts:
        if isinstance(part, int):
            out += f"[{part + 1}]"
        elif part:
            out += f".{part}" if out else part
    return out


def _explain(kind: type[BaseModel], error: ValidationError, where: str) -> SuiteError:
    errors = error.errors(include_url=False)
    # A misspelt key gives two errors; the one that holds the user's word helps.
    first = next((e for e in errors if e["type"] == "extra_forbidden"), errors[0])
    loc = tuple(p for p in first["loc"] if isinstance(p, str | int))
    key, value = dotted(where, *loc), first["input"]
    match first["type"]:
        case "extra_forbidden":
            owner = dotted(where, *loc[:-1]) or "the file"
            known = fields_at(kind, loc[:-1])
            return SuiteError(
                f"{owner} has no key {loc[-1]!r:.60} (value {_short(value)}).",
                suggest(str(loc[-1]), known),
            )
        case "missing":
            owner = dotted(where, *loc[:-1])
            place = f"{owner} lacks" if owner else "it lacks"
            return SuiteError(
                f"{place} the key {loc[-1]!r}.", "suites/README.md tells what each key is."
            )
        case "literal_error":
            expected = first.get("ctx", {}).get("expected", "")
            names = re.findall(r"'([^']*)'", expected)
            hint = suggest(value, names) if isinstance(value, str) else f"Known: {expected}."
            return SuiteError(f"{key} = {_short(value)} isn't one of its values.", hint)
        case "value_error":
            reason = str(first.get("ctx", {}).get("error", first["msg"]))
            return SuiteError(f"{key or 'it'}: {reason}.")
        case _:
            reason = first["msg"][:1].lower() + first["msg"][1:]
            return SuiteError(f"{key} = {_short(value)}: {reason}.")


def fields_at(kind: type[BaseModel], loc: tuple[str | int, ...]) -> tuple[str, ...]:
    """Keys of the table at a path below `kind`; empty where the path leads to no table."""
    for part in loc:
        if isinstance(part, int):
            continue
        field = kind.model_fields.get(part)
        inner = _model_in(field.annotation) if field else None
        if inner is None:
            return ()
        kind = inner
    return tuple(kind.model_fields)


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """First pydantic model within an annotation such as `tuple[Step, ...]` or `OnnxInput | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = (_model_in(a) for a in typing.get_args(annotation))
    return next((f for f in found if f), None)


def _odd(raw: Any, where: str) -> Iterator[tuple[str, Any]]:
    """Path and value of what JSON doesn't know: TOML's dates and times."""
    if isinstance(raw, dict | list | tuple):
        for key, value in raw.items() if isinstance(raw, dict) else enumerate(raw):
            yield from _odd(value, dotted(where, key))
    elif not isinstance(raw, str | int | float | bool | None):
        yield where, raw


def _short(value: Any, limit: int = 60) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= limit else text[: limit - 3] + "..."
