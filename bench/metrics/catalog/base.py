"""What the leaves of the catalog share: absent numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.metrics.base import Metric

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bench.record.result import Result

IS_REFERENCE = "this is the reference"
SEEDED = "seeded weights"


def absent(names: Iterable[str], reason: str) -> dict[str, Metric]:
    """Name -> None with the reason."""
    return {name: Metric(None, reason=reason) for name in names}


def unmeasured(result: Result) -> str:
    """Why a result lacks a measurement: `skipped: ...`, `failed: ...` or `not measured`."""
    if result.status in {"failed", "skipped"}:
        return f"{result.status}: {result.reason}" if result.reason else result.status
    return "not measured"
