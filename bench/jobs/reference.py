"""Computing the reference variant's outputs."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from bench import cachedir
from bench.jobs.base import Report, SessionJob


class ReferenceReport(Report):
    """How far the reference came."""

    images: int
    wall_s: float


class ReferenceJob(SessionJob):
    """Leave labels and raw outputs of the case's reference in the cache."""

    target: str
    """Digest of the outputs."""

    def stands(self, cache: Path) -> ReferenceReport | None:
        """Report of outputs that were computed before."""
        try:
            return ReferenceReport.model_validate(
                cachedir.made(cachedir.reference(cache, self.target))
            )
        except ValidationError:
            return None
