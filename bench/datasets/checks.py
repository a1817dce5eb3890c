"""Checks on the words of a data set's spec, shared by all loaders."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bench.errors import DatasetError
from bench.registry import suggest

if TYPE_CHECKING:
    from collections.abc import Collection

    from bench.suite.dataset import Dataset

# One part of a path: no separators, no leading dot, so that no name leaves its folder.
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")


def known_options(spec: Dataset, known: Collection[str]) -> None:
    """Nothing.

    Raises:
        DatasetError: the spec has an option that its loader doesn't know.
    """
    for name in spec.options:
        if name not in known:
            raise DatasetError(
                f"Data set {spec.name!r} has an unknown option {name!r}.",
                suggest(name, known) if known else f"The loader {spec.loader!r} has no options.",
            )


def safe_name(name: object, what: str) -> str:
    """The name itself, fit to be one part of a path.

    Raises:
        DatasetError: it is empty, no text, or could lead out of its folder.
    """
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise DatasetError(
            f"{name!r} can't be the name of a {what}.",
            "Use letters, digits, '_', '-' and '.', beginning with a letter or digit.",
        )
    return name


def whole(value: object, option: str, low: int, high: int) -> int:
    """The option's value, an integer between `low` and `high`.

    Raises:
        DatasetError: it is no integer, or lies outside.
    """
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise DatasetError(
            f"Option {option!r} is {value!r}.", f"It takes an integer from {low} to {high}."
        )
    return value
