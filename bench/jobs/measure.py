"""Steps that measure: jobs and reports."""

from typing import Any

from pydantic import Field

from bench.jobs.base import AccuracyJob, Job, Report, SessionJob, SessionReport
from bench.record.ceiling import Ceiling
from bench.record.checks import ChecksMeasurement, StagesMeasurement
from bench.record.coverage import CoverageMeasurement
from bench.record.result import Measurement
from bench.record.timing import Launch
from bench.record.work import ComponentMeasurement, PartWork, WorkMeasurement


class AccuracyReport(SessionReport):
    """Measurements, whose arrays come beside the report."""

    measurements: tuple[Measurement, ...]
    weights: dict[str, Any]
    """Parameters and bytes, where the session counts them."""
    asked: int
    """Images of the accuracy pass; those of all shards together."""


class CaseReport(AccuracyReport):
    """Accuracy, parity, the first launch of latency, and memory."""

    seen: int
    """Images of the accuracy pass that were seen."""


class CaseJob(AccuracyJob):
    """Measure a case in one session."""

    report = CaseReport
    sharded: bool = False
    """Jobs of their own count the accuracy, so that this one times only."""
    poller: bool = False
    """Measure what the readings beside the samples cost."""


class ShardReport(AccuracyReport):
    """Accuracy and parity of some of a case's images."""

    shard: tuple[int, int]
    """Which part, 0 first, and of how many."""
    indices: tuple[int, ...]
    """Positions in the set of the images that were seen ..."""
    images: tuple[str, ...]
    """... and their names."""


class ShardJob(AccuracyJob):
    """Measure the accuracy and parity of one part of a case's images."""

    report = ShardReport
    shard: tuple[int, int]

    @property
    def log(self) -> str:
        """A log a shard."""
        return f"{self.shard[0]}.shard"


class TimingReport(SessionReport):
    """One process's samples."""

    launch: Launch


class TimingJob(SessionJob):
    """A later launch of a case: the same session and timing in a fresh process, without accuracy."""

    report = TimingReport

    @property
    def log(self) -> str:
        """A log a launch."""
        return f"{self.launch}.timing"


class FitsReport(Report):
    """The batch ran."""

    peak_bytes: int | None
    """What the process held at most; None where nothing tells it."""
    why: str = ""
    """Why there is no peak."""


class FitsJob(SessionJob):
    """Run one batch of the case's size through the whole path."""

    report = FitsReport


class WorkReport(Report):
    """What a call has to do, and what its parts take."""

    work: WorkMeasurement
    components: ComponentMeasurement


class WorkJob(SessionJob):
    """Count the work of a call, and time the model's parts."""

    report = WorkReport


class ChecksReport(Report):
    """What became of each check."""

    checks: ChecksMeasurement


class ChecksJob(SessionJob):
    """Call the artifact again, with another image, batch and shape, beside the model itself."""

    report = ChecksReport


class StagesReport(Report):
    """Each stage beside the model's."""

    stages: StagesMeasurement


class StagesJob(SessionJob):
    """Compare the stages of an artifact that has their outputs, or of the session's own module."""

    report = StagesReport


class CoverageReport(Report):
    """How much runs in int8."""

    coverage: CoverageMeasurement


class CoverageJob(SessionJob):
    """Measure how much of the case's artifact runs in int8."""

    report = CoverageReport


class BlocksReport(Report):
    """What a quantizer can be told to leave out."""

    blocks: tuple[PartWork, ...]
    """Those that have parameters and MACs."""


class BlocksJob(SessionJob):
    """Count the blocks of the case's artifact."""

    report = BlocksReport


class CeilingReport(Report):
    """A machine's products a second in each precision, and its memory's bandwidth."""

    ceiling: Ceiling


class CeilingJob(Job):
    """Measure them on a device with the job's threads."""

    report = CeilingReport
    device: str
    """Registered device."""


class PairReport(Report):
    """Samples of one side of a live pair."""

    bursts_ns: tuple[tuple[int, ...], ...]
    """Nanoseconds of every burst's iterations, end to end."""
    effective: dict[str, str] = Field(default_factory=dict)
    """What the runtime says that it did."""


class PairJob(SessionJob):
    """Hold a warm session, and run a burst whenever told to."""

    report = PairReport
    planted: float = 0.0
    """A study's artificial slow-down: 0.05 = 5 %."""
