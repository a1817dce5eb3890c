"""Steps before a session of a case: jobs and reports."""

from pathlib import Path

from pydantic import Field

from bench import cachedir
from bench.jobs.base import Job, OfCase, Report, SessionJob
from bench.record.environment import Environment, Machine
from bench.record.result import CalibrationRecord
from bench.record.rung import Rung
from bench.suite.case import Case
from bench.suite.model import Told
from bench.suite.variant import CalibrationSet


class ProbeReport(Report):
    """What a machine is, and which cases it runs: what only the machine itself can say."""

    machine: Machine
    cores: int
    """Logical processors that a worker there may use."""
    available_bytes: int
    """Main memory that is free there now."""
    device_bytes: dict[str, int]
    """Device -> bytes of the memory that models lie in."""
    code_digest: str
    """Of the measuring code that is installed there."""
    skips: dict[str, str]
    """Case -> why it doesn't run there; empty = it does."""
    lacks: dict[str, int] = Field(default_factory=dict)
    """Case -> requirements that aren't met there."""
    unexportable: dict[str, str] = Field(default_factory=dict)
    """Case -> why its artifact can't be made there; empty = it can."""
    environments: dict[str, Environment]
    """Case -> place and moment; empty unless asked for."""


class ProbeJob(Job):
    """Describe the machine, and tell which of the cases it runs."""

    report = ProbeReport
    cases: tuple[Case, ...] = ()
    environments: bool = False
    """Tell the environments, too."""


class WeightsReport(Report):
    """Digests that complete a case."""

    weights_digest: str
    """Of what determines the weights."""
    dataset_digest: str
    """Of what determines the data set; empty where it isn't there (the step `dataset` says so)."""
    told: Told
    """What the weights tell of themselves."""


class WeightsJob(OfCase):
    """Find a case's weights and images; the case says where."""

    report = WeightsReport


class DatasetReport(Report):
    """The data set as it was found."""

    digest: str
    """By content, of the images that are evaluated."""
    images: int
    size: tuple[int, int]
    """Height and width of the first image."""
    calibration: dict[str, str]
    """Split -> digest of what determines it; empty where it isn't there (its artifact says so)."""
    calibrated: dict[str, CalibrationRecord] = Field(default_factory=dict)
    """Key of a calibration set -> its images; without those that aren't there."""
    set_aside: tuple[str, ...] = ()
    """Names of images of the split that calibrate quantizers and are not evaluated."""
    place: str = ""
    """Digest under which this machine's cache knows the set's folder; empty = it needs none."""


class DatasetJob(OfCase):
    """Make or check the case's data set; the case says where."""

    report = DatasetReport
    calibration_splits: tuple[str, ...] = ()
    """Splits that quantizers read."""
    calibration_sets: tuple[CalibrationSet, ...] = ()
    """Images that they read of them."""


class ArtifactReport(Report):
    """What a step of an export recipe made, as noted when it was made."""

    name: str
    """The step's."""
    wall_s: float
    peak_rss_bytes: int | None
    files: tuple[str, ...]
    file_bytes: int
    parameters: int | None
    """Learned numbers; None where the format doesn't tell them from constants."""
    weight_bytes: int | None
    tensor_bytes: int | None = None
    """All tensors, weights among them; None where the format doesn't tell them from the graph."""
    dynamic: tuple[str, ...] = ()
    """Axes of the input that it leaves open."""
    rungs: tuple[Rung, ...] = ()
    """Paths of the export that were tried, the one that works last."""


class ArtifactJob(OfCase):
    """Run one step of the recipe of the case's variant."""

    report = ArtifactReport
    size: tuple[int, int]
    """Input height and width."""
    position: int
    """Which step, 0 first."""
    previous: str | None
    """Digest of what the step before made."""
    target: str
    """Digest of what this one makes."""
    stages: bool = False
    """With the outputs of the model's stages."""

    @property
    def log(self) -> str:
        """A log a step of the recipe."""
        return f"{self.position}.{'stages-' if self.stages else ''}artifact"

    def makes(self, cache: Path) -> Path:
        """Folder of the artifact."""
        return cachedir.artifact(cache, self.target)


class ReferenceReport(Report):
    """How far the reference came."""

    images: int
    wall_s: float


class ReferenceJob(SessionJob):
    """Leave labels and raw outputs of the case's reference variant in the cache."""

    report = ReferenceReport
    target: str
    """Digest of the outputs."""

    def makes(self, cache: Path) -> Path:
        """Folder of the outputs."""
        return cachedir.reference(cache, self.target)
