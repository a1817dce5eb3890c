"""What a case needs before anything is measured: weights, data set, artifact, reference outputs.

Each is made by a process of its own, once, and found again by the next case that needs it. A step
that failed is remembered, so that every case that needs it fails with its reason at once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench import cachedir, registry
from bench.devices import machine
from bench.jobs.base import Job, Report, StepKind
from bench.plan import keys, results, search, select
from bench.plan.setting import StepFailed
from bench.suite.protocol import LARGEST

if TYPE_CHECKING:
    from bench.execute.base import Executor, Outcome
    from bench.plan.setting import Setting, Steps
    from bench.record.result import Artifact
    from bench.suite.case import Case
    from bench.suite.variant import Variant


def ready(setting: Setting, listener: Steps, case: Case) -> Job:
    """Job of step `pair`: the case's session, ready to be opened in a process of its own.

    Raises:
        StepFailed: a step of its preparation failed, or can't run here.
    """
    made = Preparer(setting, listener)
    return made.session("pair", made.prepared(case))


@dataclass(frozen=True)
class Prepared:
    """A case whose session can be opened."""

    case: Case
    """As it was asked for, with the digests of its weights and of its data set."""
    ran: Case
    """The same with the batch size that was sought, where one was."""
    data: dict[str, Any]
    """The data set as it was found: digest, images, size, calibration digests."""
    size: tuple[int, int]
    """Input height and width."""
    artifact: Path | None
    """None = the backend takes the weights themselves."""
    chain: tuple[Path, ...]
    """Folders of the artifact after each step of its recipe."""

    @property
    def record(self) -> Artifact:
        """What the session is opened on, for the record."""
        return results.artifact_record(self.ran, self.artifact, list(self.chain))


@dataclass
class Preparer:
    """Starts the processes of one run, and remembers what its cases share."""

    setting: Setting
    listener: Steps
    guarded: bool = False
    executor: Executor = field(init=False)
    _memo: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.executor = registry.load("executor", self.setting.executor)(self.setting.cache)
        (self._place,) = self.executor.capabilities().places

    def prepared(self, case: Case, batch: int | None = None) -> Prepared:
        """The case with weights, data set and artifact, found or made.

        Args:
            case: what is wanted.
            batch: batch size that an earlier process of the case sought and found.

        Raises:
            StepFailed: a step failed, or can't run here.
        """
        case = self.identified(case)
        data = self.dataset(case)
        size = results.input_size(case, tuple(data["size"]))
        ran = case
        if case.protocol.batch_size == LARGEST:
            asked = Prepared(case, case, data, size, None, ())
            ran = case.asking(batch_size=batch or search.largest_batch(asked, self))
        chain = self.chain(ran, case.variant, size, data)
        artifact = self.artifact(ran, case.variant, size, data)
        return Prepared(case, ran, data, size, artifact, tuple(chain))

    def identified(self, case: Case) -> Case:
        """The case with the digests of its weights and of its data set."""
        key = f"weights {case.model.model_dump_json()} {case.dataset.model_dump_json()}"
        report = self.once(key, lambda: self._prepare("weights", case, "finding weights"))
        found = dict(report.payload)
        classes = tuple(found.pop("classes", case.model.classes))
        model = case.model.model_copy(update={"classes": classes})
        return case.model_copy(update={"model": model, **found})

    def dataset(self, case: Case) -> dict[str, Any]:
        """The data set as it was found, and the digests of what quantizers see."""
        count = (case.protocol.images, case.model.trained, case.protocol.parity_images)
        asked = (v.calibration for v in (case.variant, case.reference))
        splits = tuple(sorted({c.split for c in asked if c is not None}))
        key = f"dataset {case.dataset.model_dump_json()} {count} {splits}"
        what = f"preparing data set {case.dataset.name}"
        report = self.once(
            key, lambda: self._prepare("dataset", case, what, calibration_splits=splits)
        )
        return dict(report.payload)

    def chain(
        self, case: Case, variant: Variant, size: tuple[int, int], data: dict[str, Any]
    ) -> list[Path]:
        """Folders of a variant's artifact after each step of its recipe."""
        calibration = variant.calibration
        images = str(data["calibration"].get(calibration.split, "")) if calibration else ""
        digests = keys.recipe_digests(case, variant, case.weights_digest, size, images)
        return [cachedir.artifact(self.setting.cache, d) for d in digests]

    def artifact(
        self, case: Case, variant: Variant, size: tuple[int, int], data: dict[str, Any]
    ) -> Path | None:
        """Folder of a variant's artifact, made now where the cache has none."""
        case = case.model_copy(update={"variant": variant})
        previous: Path | None = None
        for position, folder in enumerate(self.chain(case, variant, size, data)):
            if cachedir.made(folder) is None:
                previous_text = None if previous is None else str(previous)

                def make(
                    at: int = position, to: Path = folder, after: str | None = previous_text
                ) -> Report:
                    name = case.variant.steps[at].name
                    return self._prepare(
                        "artifact", case, f"making {name}",
                        size=size, artifact=after, target=str(to), position=at,
                    )  # fmt: skip

                self.once(f"artifact {folder}", make)
            previous = folder
        return previous

    def reference(self, made: Prepared) -> tuple[Path | None, str]:
        """Folder of the reference's outputs and nothing, or None and the reason."""
        size, data = made.size, made.data
        # One reference for all batches; where the largest was sought, one image at a time.
        case = made.case.asking(batch_size=max(1, made.case.protocol.batch_size))
        variant = case.reference
        reason = select.skip_reason(case.model_copy(update={"variant": variant}))
        if reason:
            return None, f"the reference {variant.slug} doesn't run here: {reason}"
        digest = keys.reference_digest(case, case.weights_digest, size, str(data["digest"]))
        folder = cachedir.reference(self.setting.cache, digest)
        if cachedir.made(folder) is not None:
            return folder, ""
        try:
            artifact = self.artifact(case, variant, size, data)
            what = f"computing the reference {variant.slug}"
            self.once(
                f"reference {folder}",
                lambda: self._prepare(
                    "reference", case, what, size=size, target=str(folder),
                    artifact=None if artifact is None else str(artifact),
                ),
            )  # fmt: skip
        except StepFailed as e:
            return None, f"the reference {variant.slug} failed: {e.failure.message}"
        return folder, ""

    def session(self, step: StepKind, made: Prepared, **fields: Any) -> Job:
        """Job of a step that opens the case's session."""
        gib = made.case.target.memory_limit_gb
        return self.job(
            step,
            made.ran,
            size=made.size,
            artifact=None if made.artifact is None else str(made.artifact),
            memory_limit_bytes=None if gib is None else int(gib * machine.GIB),
            **fields,
        )

    def apart(self) -> Preparer:
        """Another for the same run, whose processes end themselves before memory runs out."""
        return Preparer(self.setting, self.listener, guarded=True)

    def job(self, step: StepKind, case: Case, **fields: Any) -> Job:
        """Job of any step."""
        run = self.setting.run
        return Job(
            step=step,
            case=case,
            cache=str(self.setting.cache),
            run=str(run),
            out=str(run / "logs" / f"report.{step}.json"),
            threads=threads(case),
            allow_code=self.setting.allow_code,
            guarded=self.guarded,
            **fields,
        )

    def start(self, job: Job, timeout_s: float) -> Report:
        """Report of a job's process.

        Raises:
            StepFailed: it died, hung, failed, or can't run here.
        """
        outcome = self.attempt(job, timeout_s)
        if outcome.failure is not None:
            raise StepFailed(outcome.failure, skipped=outcome.skipped)
        if outcome.report is None:  # pragma: no cover - an outcome has one of the two
            raise ValueError("an outcome without report and failure")
        return outcome.report

    def attempt(self, job: Job, timeout_s: float) -> Outcome:
        """How a job's process ended."""
        log = results.log_path(self.setting.run, job.case, job)
        return self.executor.submit(
            job,
            place=self._place,
            timeout_s=timeout_s,
            log=log,
            progress=self.listener.progress,
        ).result()

    def once(self, key: str, make: Callable[[], Report]) -> Report:
        """Report of a step; a second case that needs it gets the first one's answer."""
        if key not in self._memo:
            try:
                self._memo[key] = make()
            except StepFailed as e:
                self._memo[key] = e
        found = self._memo[key]
        if isinstance(found, StepFailed):
            raise found
        report: Report = found
        return report

    def _prepare(self, step: StepKind, case: Case, what: str, **fields: Any) -> Report:
        self.listener.step(case, what)
        return self.start(self.job(step, case, **fields), case.protocol.prepare_timeout_s)


def threads(case: Case) -> int:
    """Threads of the runtime: the target's, or all that this process may use."""
    return case.target.threads or machine.cores()
