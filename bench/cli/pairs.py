"""Options of the form NAME=VALUE."""

from __future__ import annotations

from bench.errors import BadInput


def pairs(given: list[str] | None, option: str) -> dict[str, str]:
    """Name -> value of every `NAME=VALUE`.

    Raises:
        BadInput: one has no name, no `=` or no value, or a name comes twice.
    """
    out: dict[str, str] = {}
    for text in given or []:
        name, equals, value = text.partition("=")
        if not (name and equals and value):
            raise BadInput(f"{option} {text!r} isn't of the form NAME=VALUE.")
        if name in out:
            raise BadInput(f"{option} names {name!r} twice.")
        out[name] = value
    return out
