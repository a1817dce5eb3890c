"""What a reader should know before he trusts a latency."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Flag:
    """Something that was found in the samples or beside them."""

    name: str
    """`drift`, `busy machine` ..."""
    sentence: str
    """What was found, with the figure."""
    advice: str
    """What to do about it."""


def percent(share: float, digits: int = 0, sign: str = "") -> str:
    """`12 %`, as flags write shares; `sign="+"` shows it always."""
    return f"{100 * share:{sign}.{digits}f} %"
