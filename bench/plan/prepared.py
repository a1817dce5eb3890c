"""A case as its steps leave it, ready to be measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.record.result import Artifact, StepRecord

if TYPE_CHECKING:
    from bench.jobs.prepare import ArtifactReport, DatasetReport
    from bench.suite.case import Case


@dataclass(frozen=True)
class Prepared:
    """A case whose session can be opened."""

    case: Case
    """As it was asked for, with the digests of its weights and of its data set."""
    ran: Case
    """The same with the batch size that was sought, where one was."""
    data: DatasetReport
    size: tuple[int, int]
    """Input height and width."""
    chain: tuple[tuple[str, ArtifactReport], ...] = ()
    """Digest and report of the artifact after each step of its recipe."""

    @property
    def artifact(self) -> str | None:
        """Digest of what the backend opens; None = it takes the weights themselves."""
        return self.chain[-1][0] if self.chain else None

    @property
    def record(self) -> Artifact:
        """What the session is opened on; of the weights themselves, the session tells the bytes."""
        if not self.chain:
            return Artifact(digest=self.case.weights_digest, file_bytes=None)
        digest, last = self.chain[-1]
        return Artifact(
            digest=digest[:24],
            file_bytes=last.file_bytes,
            weight_bytes=last.weight_bytes,
            parameters=last.parameters,
            files=last.files,
            steps=tuple(
                StepRecord(name=made.name, wall_s=made.wall_s, peak_rss_bytes=made.peak_rss_bytes)
                for _, made in self.chain
            ),
        )
