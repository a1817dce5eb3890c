"""Making what one step of an export recipe makes."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from bench import cachedir
from bench.jobs.base import OfCase, Report


class ArtifactReport(Report):
    """What a step made, as noted when it was made."""

    name: str
    """The step's."""
    wall_s: float
    peak_rss_bytes: int | None
    files: tuple[str, ...]
    file_bytes: int
    parameters: int | None
    """Learned numbers; None where the format doesn't tell them from constants."""
    weight_bytes: int | None


class ArtifactJob(OfCase):
    """Run one step of the recipe of the case's variant."""

    size: tuple[int, int]
    """Input height and width."""
    position: int
    """Which step, 0 first."""
    previous: str | None
    """Digest of what the step before made."""
    target: str
    """Digest of what this one makes."""

    @property
    def log(self) -> str:
        """A log a step of the recipe."""
        return f"{self.position}.artifact"

    def stands(self, cache: Path) -> ArtifactReport | None:
        """Report of an artifact that was made before."""
        try:
            return ArtifactReport.model_validate(
                cachedir.made(cachedir.artifact(cache, self.target))
            )
        except ValidationError:
            return None
