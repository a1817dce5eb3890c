"""A result: one case, what became of it, and every raw number."""

from typing import Annotated, Any, Literal

from pydantic import Field

from bench.record.base import ArrayFile, Record
from bench.record.checks import ChecksMeasurement, StagesMeasurement
from bench.record.counts import (
    ConfusionMeasurement,
    InstanceMeasurement,
    RunTimes,
    SegmentsMeasurement,
)
from bench.record.coverage import CoverageMeasurement
from bench.record.detections import DetectionsMeasurement, MasksMeasurement
from bench.record.environment import Environment
from bench.record.flips import FlipsMeasurement
from bench.record.further import BoundaryMeasurement, EdgeMeasurement, ReliabilityMeasurement
from bench.record.gallery import GalleryMeasurement
from bench.record.memory import FitsMeasurement, MemoryMeasurement
from bench.record.parity import ParityMeasurement
from bench.record.rung import Rung
from bench.record.timing import TimingMeasurement
from bench.record.work import ComponentMeasurement, WorkMeasurement
from bench.suite.case import Case

SCHEMA = 4
"""History: 1 = the first (2026-11); 2 = timing in several processes, with readings beside the
samples; work, components, fits, effective settings (2026-11); 3 = tasks: the protocol's task and its
thresholds, the set's things, segments, the gallery's disagreement (2026-11); 4 = calibration images,
coverage (2026-11)."""

Status = Literal["ok", "wrong", "failed", "skipped"]


class ExtraMeasurement(Record):
    """What a plug-in measured: values and arrays are its own business.

    Counts of a plug-in's task have `classes`, `images`, `asked` and arrays with an `image` in them.
    """

    by_image = ("images", "groups", "classified")
    kind: Literal["extra"] = "extra"
    version: int = 2
    """History: 1 = the first; 2 = counts of a task."""
    name: str
    values: dict[str, Any] = Field(default_factory=dict)
    classes: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    asked: int = 0
    groups: tuple[str, ...] = ()
    classified: tuple[int, ...] = ()
    arrays: ArrayFile | None = None

    def __hash__(self) -> int:
        """Hash without `values`, which may hold dicts."""
        return hash((self.name, self.images, self.arrays))


Measurement = Annotated[
    ConfusionMeasurement
    | InstanceMeasurement
    | SegmentsMeasurement
    | DetectionsMeasurement
    | MasksMeasurement
    | BoundaryMeasurement
    | EdgeMeasurement
    | ReliabilityMeasurement
    | RunTimes
    | TimingMeasurement
    | MemoryMeasurement
    | ParityMeasurement
    | FlipsMeasurement
    | GalleryMeasurement
    | WorkMeasurement
    | ComponentMeasurement
    | FitsMeasurement
    | CoverageMeasurement
    | ChecksMeasurement
    | StagesMeasurement
    | ExtraMeasurement,
    Field(discriminator="kind"),
]


class Failure(Record):
    """How a process ended."""

    step: str
    """weights, dataset, artifact, reference, case, or timing (a later launch)."""
    type: str
    """Exception's name, signal's name, `timeout` or `out of memory`."""
    message: str
    stderr_tail: tuple[str, ...] = ()
    """Last lines that the process wrote."""
    rungs: tuple[Rung, ...] = ()
    """Paths of an export, of which none works."""


class StepRecord(Record):
    """One step of an export recipe, as it ran when the artifact was made."""

    name: str
    wall_s: float
    peak_rss_bytes: int | None = None
    rungs: tuple[Rung, ...] = ()
    """Paths of the export that were tried, the one that made it last."""


class CalibrationRecord(Record):
    """Images that a quantizer saw; none of them is judged."""

    split: str
    images: tuple[str, ...]
    """Names of those that gave the ranges of activations."""
    validation: tuple[str, ...] = ()
    """Names of those that judged the artifact while it was made."""
    digest: str
    """sha256 over the names and files of all of them."""


class Artifact(Record):
    """What the session was opened on."""

    digest: str
    file_bytes: int | None
    """All files of the artifact, on disk; None for weights that were seeded in memory."""
    weight_bytes: int | None = None
    """Bytes of learned weights alone, as stored; None where the format doesn't tell."""
    tensor_bytes: int | None = None
    """Bytes of all tensors that the files store, weights among them; None where the format doesn't tell."""
    dynamic: tuple[str, ...] = ()
    """Axes of the input that it leaves open: batch, height, width."""
    parameters: int | None = None
    files: tuple[str, ...] = ()
    steps: tuple[StepRecord, ...] = ()
    calibration: CalibrationRecord | None = None
    """None where no step quantizes by images, or in records from before they were listed."""


class DatasetRecord(Record):
    """The data set as it was found."""

    digest: str
    """sha256 over the content of the files that were evaluated."""
    images: int
    set_aside: tuple[str, ...] = ()
    """Names of images that calibrate quantizers and were evaluated in no variant."""


class Process(Record):
    """Where the wall time of the case's process went, seconds."""

    startup_s: float
    """From the parent's call to the worker's first line of work: interpreter and segbench."""
    import_s: float
    """Runtime's imports."""
    load_s: float
    """Opening the session."""
    accuracy_s: float
    timing_s: float
    other_s: float
    """The rest: collecting, writing."""
    wall_s: float
    """All of it, as the parent saw it."""


class Result(Record):
    """One row."""

    schema_version: int = Field(default=SCHEMA, alias="schema")
    case: Case
    fingerprint: str
    """`case.fingerprint`, kept so that a reader need not compute it."""
    status: Status
    reason: str = ""
    """Why the status isn't ok, in one sentence."""
    failure: Failure | None = None
    environment: Environment | None = None
    artifact: Artifact | None = None
    dataset: DatasetRecord | None = None
    accuracy_fingerprint: str = ""
    timing_fingerprint: str = ""
    measurements: tuple[Measurement, ...] = ()
    process: Process | None = None
    effective: dict[str, str] = Field(default_factory=dict)
    """What the runtime says that it did: precision, input, threads, streams, provider ..."""
    mismatches: tuple[str, ...] = ()
    """Sentences: what ran isn't what was asked."""
    started: str = ""
    """UTC, ISO 8601."""
    notes: tuple[str, ...] = ()
    """Sentences that the card prints beside the row."""

    def get(self, kind: str) -> Any:
        """Measurement of a kind (of a plug-in's, its name), or None."""
        for m in self.measurements:
            if m.kind == kind or (isinstance(m, ExtraMeasurement) and m.name == kind):
                return m
        return None
