"""Student's t distribution."""

from __future__ import annotations

from functools import lru_cache


@lru_cache(maxsize=256)
def quantile(share: float, freedom: int) -> float:
    """Value below which a share of the distribution lies."""
    from scipy.special import stdtrit

    return float(stdtrit(freedom, share))
