"""What the jobs and reports of all steps share.

A job says what to do, and names what lies in a cache by its digest: it means the same on every
machine. A reader drops fields that it doesn't know, so a field may be added without a new version if
leaving it out measures the same. Anything else makes a new version, which an older worker refuses.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar, Self

from pydantic import ConfigDict, Field, ValidationError, computed_field

from bench import cachedir
from bench.errors import CaseFailed
from bench.record.rung import Rung
from bench.suite.base import Spec
from bench.suite.case import Case

Say = Callable[[str, int, int], None]
"""What takes progress: phase, done, total."""
UNWRITTEN = 74
"""Exit status (EX_IOERR of sysexits.h) of a worker whose report can't be written."""
GUARD = "memory guard:"
"""First words on stderr of a worker that ends itself before the machine runs out of memory."""


class Report(Spec):
    """What a step found."""

    model_config = ConfigDict(**{**Spec.model_config, "extra": "ignore"})

    version: int = 1


class SessionReport(Report):
    """What a session tells about itself."""

    effective: dict[str, str]
    """Settings that the runtime says it used."""
    times: dict[str, float]
    """Seconds of import, load, accuracy and timing, as far as there were such."""


class Answer(Spec):
    """What a worker writes at its end: its report, or why the report is missing."""

    ok: bool
    payload: dict[str, Any] = Field(default_factory=dict)
    """The report, where `ok`."""
    error_type: str = ""
    message: str = ""
    skipped: bool = False
    """The machine or installation can't: a `skipped` row, not a failed one."""
    rungs: tuple[Rung, ...] = ()
    """Of an export whose every path failed."""
    startup_s: float = 0.0

    model_config = ConfigDict(**{**Spec.model_config, "extra": "ignore"})


class Job(Spec):
    """One step for one worker."""

    report: ClassVar[type[Report]]
    """Type of its report."""

    version: int = 1
    threads: int = Field(default=1, ge=1)
    """Of the runtime."""
    allow_code: bool = False
    memory_limit_bytes: int | None = None
    """What the process may hold beyond what it holds at its start."""
    guarded: bool = False
    """End the process before the machine runs out of memory: it tries what may not fit."""

    cache: str = ""
    """Folder of the cache. This and the fields below are set where the worker is started."""
    out: str = ""
    """File that the worker writes its answer to."""
    parent: int = 0
    """Process that waits for the worker; a worker whose parent is another one ends at once."""
    spawned_ns: int = 0
    """Monotonic clock of the parent when it started the worker."""

    @computed_field  # type: ignore[prop-decorator]
    @property
    def step(self) -> str:
        """Name of the step."""
        return self.named()

    @classmethod
    def named(cls) -> str:
        """Name of the step, which is that of its worker's file in `bench/measure/steps`."""
        return cls.__name__.removesuffix("Job").lower()

    @property
    def beside(self) -> Path:
        """Folder for arrays and pictures of the report: `cases/` and `media/`, as in a run's folder."""
        return Path(f"{self.out}.files")

    @property
    def log(self) -> str:
        """Name that tells the logs of one case's jobs apart."""
        return self.step

    def makes(self, cache: Path) -> Path | None:
        """Folder of the cache that its result goes to, if it goes to one."""
        del cache
        return None

    def stands(self, cache: Path) -> Report | None:
        """Report of a job whose result lies in a cache already; None = only a worker can tell."""
        folder = self.makes(cache)
        try:
            return None if folder is None else self.report.model_validate(cachedir.made(folder))
        except ValidationError:
            return None


class OfCase(Job):
    """A step on behalf of a case."""

    case: Case
    """A step reads only the parts that concern it."""
    data: str = ""
    """Digest of the data set's content, under which a cache knows its folder; empty = the case's."""

    @property
    def located(self) -> Self:
        """The job with the folders of weights and images on this machine.

        Raises:
            CaseFailed: this machine doesn't have them.
        """
        case, cache = self.case, Path(self.cache)
        if case.model.is_path and not case.model.location:
            place = _recalled(cache, case.weights_digest, f"weights of {case.model.name} lie")
            model = case.model.model_copy(update={"location": place})
            case = case.model_copy(update={"model": model})
        if self.data:
            place = _recalled(cache, self.data, f"data set {case.dataset.name} lies")
            dataset = case.dataset.model_copy(update={"root": place})
            case = case.model_copy(update={"dataset": dataset})
        return self.model_copy(update={"case": case})


class SessionJob(OfCase):
    """A step that opens the case's session."""

    size: tuple[int, int]
    """Input height and width."""
    artifact: str | None = None
    """Digest of what the backend opens; None = the weights themselves."""
    launch: int = 0
    """Number of this process among those of the case, 0 first."""
    shard: tuple[int, int] | None = None
    """Which part of the images, 0 first, and of how many; None = all."""

    @property
    def folder(self) -> Path | None:
        """Folder of the artifact in this machine's cache."""
        return None if self.artifact is None else cachedir.artifact(Path(self.cache), self.artifact)


class AccuracyJob(SessionJob):
    """A step that compares the session's outputs with the reference's."""

    reference: str | None = None
    """Digest of the reference's outputs."""
    reference_absent: str = ""
    """Why there are none."""

    @property
    def reference_folder(self) -> Path | None:
        """Folder of the reference's outputs in this machine's cache."""
        digest = self.reference
        return None if digest is None else cachedir.reference(Path(self.cache), digest)


def _recalled(cache: Path, digest: str, what: str) -> str:
    place = cachedir.recalled(cache, digest)
    if place is None:
        raise CaseFailed(f"This machine's cache doesn't know where the {what} ({digest[:12]}).")
    return place
