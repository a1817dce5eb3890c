"""The story of a run: weights, data, artifact, reference, case, one process each.

A step that fails is remembered, so that every case that needs it fails with its reason at once, and
all others go on.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from bench.record.result import Failure, Result
from bench.run import cachedir, keys, machine, plan, results
from bench.run.job import Job, Report, StepKind
from bench.run.process import TAIL_LINES, start

if TYPE_CHECKING:
    from bench.record.environment import Environment
    from bench.spec.case import Case
    from bench.spec.variant import Variant


class Listener(Protocol):
    """Who watches a run: the terminal, or a test."""

    def step(self, case: Case, what: str) -> None:
        """A step of a case begins."""
        ...

    def progress(self, phase: str, done: int, total: int) -> None:
        """A step goes on."""
        ...

    def finished(self, result: Result, *, stood: bool) -> None:
        """A case has its result; `stood` = it had it before."""
        ...


@dataclass(frozen=True)
class Setting:
    """Where and how a run works."""

    run: Path
    cache: Path
    allow_code: bool = False
    fresh: bool = False


class StepFailed(Exception):
    """A step that a case needs has failed, or can't run here."""

    def __init__(self, failure: Failure, *, skipped: bool = False) -> None:
        super().__init__(failure.message)
        self.failure = failure
        self.skipped = skipped


@dataclass
class Scheduler:
    """Runs cases one after the other; two measurements never run at once."""

    setting: Setting
    listener: Listener
    _memo: dict[str, Any] = field(default_factory=dict)

    def run(self, cases: tuple[Case, ...], stored: dict[str, Result]) -> Iterator[Result]:
        """Result of every case, in order, each handed over as soon as it is known."""
        for case in cases:
            result, stood = self._one(case, stored.get(case.id))
            self.listener.finished(result, stood=stood)
            yield result

    def artifact(self, case: Case) -> Path:
        """Folder of a case's artifact in the cache, made if need be.

        Raises:
            StepFailed: a step of its recipe failed, or can't run here.
        """
        case = self._identified(case)
        data = self._dataset(case)
        folder = self._artifact(case, case.variant, results.input_size(case, data["size"]), data)
        if folder is None:
            raise ValueError("a variant without steps has no artifact")
        return folder

    def _one(self, case: Case, old: Result | None) -> tuple[Result, bool]:
        reason = plan.skip_reason(case)
        if reason:
            return results.skipped(case, reason, _environment(case)), False
        try:
            case = self._identified(case)
            if old is not None and not self.setting.fresh and plan.stands(old, case):
                return old, True
            return self._measure(case), False
        except StepFailed as e:
            row = results.broken(case, e.failure, _environment(case), skipped=e.skipped)
            return row, False
        except Exception as e:  # noqa: BLE001 - one case must not end the others
            said = traceback.format_exc().splitlines()[-TAIL_LINES:]
            failure = Failure(
                step="case",
                type=type(e).__name__,
                message=str(e) or repr(e),
                stderr_tail=tuple(said),
            )
            return results.broken(case, failure), False

    def _measure(self, case: Case) -> Result:
        """Result of a case whose steps all ran; StepFailed where one didn't."""
        data = self._dataset(case)
        size = results.input_size(case, tuple(data["size"]))
        artifact = self._artifact(case, case.variant, size, data)
        reference, absent = self._reference(case, size, data)
        began = time.monotonic()
        environment = _environment(case)
        job = self._job(
            "case",
            case,
            size=size,
            artifact=None if artifact is None else str(artifact),
            reference=None if reference is None else str(reference),
            reference_absent=absent,
            memory_limit_bytes=_limit(case),
        )
        self.listener.step(case, "measuring")
        report = self._start(job, case, case.protocol.timeout_s)
        wall = time.monotonic() - began
        made = results.artifact_record(case, artifact, self._chain(case, size, data))
        return results.measured(case, report, environment, data, made, size, wall)

    def _identified(self, case: Case) -> Case:
        """The case with the digests of its weights and of its data set."""
        key = f"weights {case.model.model_dump_json()} {case.dataset.model_dump_json()}"
        report = self._once(key, lambda: self._prepare("weights", case, "finding weights"))
        return case.model_copy(update=report.payload)

    def _dataset(self, case: Case) -> dict[str, Any]:
        count = (case.protocol.images, case.model.trained, case.protocol.parity_images)
        asked = (v.calibration for v in (case.variant, case.reference))
        splits = tuple(sorted({c.split for c in asked if c is not None}))
        key = f"dataset {case.dataset.model_dump_json()} {count} {splits}"
        what = f"preparing data set {case.dataset.name}"
        report = self._once(
            key, lambda: self._prepare("dataset", case, what, calibration_splits=splits)
        )
        return dict(report.payload)

    def _chain(self, case: Case, size: tuple[int, int], data: dict[str, Any]) -> list[Path]:
        """Folders of the artifact after each step of the case's recipe."""
        calibration = case.variant.calibration
        images = str(data["calibration"].get(calibration.split, "")) if calibration else ""
        digests = keys.recipe_digests(case, case.variant, case.weights_digest, size, images)
        return [cachedir.artifact(self.setting.cache, d) for d in digests]

    def _artifact(
        self, case: Case, variant: Variant, size: tuple[int, int], data: dict[str, Any]
    ) -> Path | None:
        """Folder of a variant's artifact, made now where the cache has none."""
        case = case.model_copy(update={"variant": variant})
        previous: Path | None = None
        for position, folder in enumerate(self._chain(case, size, data)):
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

                self._once(f"artifact {folder}", make)
            previous = folder
        return previous

    def _reference(
        self, case: Case, size: tuple[int, int], data: dict[str, Any]
    ) -> tuple[Path | None, str]:
        """Folder of the reference's outputs and nothing, or None and the reason."""
        variant = case.reference
        reason = plan.skip_reason(case.model_copy(update={"variant": variant}))
        if reason:
            return None, f"the reference {variant.slug} doesn't run here: {reason}"
        digest = keys.reference_digest(case, case.weights_digest, size, str(data["digest"]))
        folder = cachedir.reference(self.setting.cache, digest)
        if cachedir.made(folder) is not None:
            return folder, ""
        try:
            artifact = self._artifact(case, variant, size, data)
            what = f"computing the reference {variant.slug}"
            self._once(
                f"reference {folder}",
                lambda: self._prepare(
                    "reference", case, what, size=size, target=str(folder),
                    artifact=None if artifact is None else str(artifact),
                ),
            )  # fmt: skip
        except StepFailed as e:
            return None, f"the reference {variant.slug} failed: {e.failure.message}"
        return folder, ""

    def _prepare(self, step: StepKind, case: Case, what: str, **fields: Any) -> Report:
        self.listener.step(case, what)
        return self._start(self._job(step, case, **fields), case, case.protocol.prepare_timeout_s)

    def _once(self, key: str, make: Callable[[], Report]) -> Report:
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

    def _job(self, step: StepKind, case: Case, **fields: Any) -> Job:
        run = self.setting.run
        return Job(
            step=step,
            case=case,
            cache=str(self.setting.cache),
            run=str(run),
            out=str(run / "logs" / f"report.{step}.json"),
            threads=_threads(case),
            allow_code=self.setting.allow_code,
            **fields,
        )

    def _start(self, job: Job, case: Case, timeout_s: float) -> Report:
        log = results.log_path(self.setting.run, case, job)
        report, failure = start(job, log, timeout_s, self.listener.progress)
        if report is not None and report.skipped:
            why = Failure(step=job.step, type="Unsupported", message=report.message)
            raise StepFailed(why, skipped=True)
        if failure is not None or report is None:
            raise StepFailed(failure)
        return report


def _environment(case: Case) -> Environment:
    """Place and moment, as the parent sees them now."""
    return results.environment(case, _threads(case))


def _threads(case: Case) -> int:
    """Threads of the runtime: the target's, or all that this process may use."""
    return case.target.threads or machine.cores()


def _limit(case: Case) -> int | None:
    """Bytes that the worker may add to its address space."""
    gib = case.target.memory_limit_gb
    return None if gib is None else int(gib * machine.GIB)
