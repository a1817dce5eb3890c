"""Older schemas -> the present one, by a chain of pure functions.

To change the schema: raise `SCHEMA` in result.py, add `_from_N` here, commit an old record as a
fixture under tests/data/records.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.errors import RecordError
from bench.record.result import SCHEMA


def _from_1(raw: dict[str, Any]) -> dict[str, Any]:
    """Schema 2 added keys with defaults; the stopping rule of schema 1 was a number of iterations."""
    case = raw.get("case")
    if not isinstance(case, dict) or not isinstance(case.get("protocol"), dict):
        return raw
    protocol = {"median_width": None, "work": False, "ceiling": False, **case["protocol"]}
    return {**raw, "case": {**case, "protocol": protocol}}


STEPS: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {1: _from_1, 2: dict, 3: dict}
"""Schema N -> function that gives schema N + 1; 3 added keys whose defaults are a semantic case's,
4 such that may be missing."""


def upgrade(raw: dict[str, Any], path: Path) -> dict[str, Any]:
    """Record in the present schema.

    Raises:
        RecordError: no schema, or a newer one.
    """
    version = raw.get("schema")
    if not isinstance(version, int) or version < 1:
        raise RecordError(f"{path} has no schema number.", "It is not a segbench record.")
    if version > SCHEMA:
        raise RecordError(
            f"{path} has schema {version}; this segbench reads up to {SCHEMA}.",
            "Upgrade it: python -m pip install --upgrade segbench",
        )
    for step in range(version, SCHEMA):
        raw = {**STEPS[step](raw), "schema": step + 1}
    return raw
