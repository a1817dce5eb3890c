"""The steps that a case needs: weights, data set, artifact, reference outputs, and then its sessions.

Each is a node with its job. Two cases that need the same have nodes of the same key, so that it is
done once, and where it failed, both fail with its reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any, TypeVar, cast

from bench.execute.base import Outcome
from bench.jobs.base import OfCase, SessionJob
from bench.jobs.prepare import (
    ArtifactJob,
    ArtifactReport,
    DatasetJob,
    DatasetReport,
    ProbeReport,
    ReferenceJob,
    WeightsJob,
)
from bench.plan import keys
from bench.plan.setting import StepFailed
from bench.plan.walk import Node, Routine, Walk
from bench.record.environment import Environment
from bench.record.result import Artifact, Failure, StepRecord
from bench.suite.case import Case
from bench.suite.protocol import LARGEST
from bench.suite.variant import Variant

J = TypeVar("J", bound=OfCase)
S = TypeVar("S", bound=SessionJob)


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
        (digest, last), asked = self.chain[-1], self.case.variant.calibration
        return Artifact(
            digest=digest[:24],
            file_bytes=last.file_bytes,
            weight_bytes=last.weight_bytes,
            tensor_bytes=last.tensor_bytes,
            dynamic=last.dynamic,
            parameters=last.parameters,
            files=last.files,
            steps=tuple(
                StepRecord(
                    name=made.name,
                    wall_s=made.wall_s,
                    peak_rss_bytes=made.peak_rss_bytes,
                    rungs=made.rungs,
                )
                for _, made in self.chain
            ),
            calibration=self.data.calibrated.get(asked.key) if asked else None,
        )


@dataclass(frozen=True)
class Graph:
    """The steps of one place."""

    walk: Walk
    place: str
    seek: Callable[[Graph, Prepared], int]
    """Finds the largest batch of a case whose protocol asks for it."""
    guarded: bool = False
    """Its processes end themselves before memory runs out."""
    _answers: dict[str, ProbeReport] = field(default_factory=dict)
    """Case -> what the place says about it."""

    @cached_property
    def told(self) -> ProbeReport:
        """What the place says about itself."""
        return self.walk.probe(self.place)

    def threads(self, case: Case) -> int:
        """Threads of the runtime: the target's, or all that a process may use there."""
        return case.target.threads or self.told.cores

    def skips(self, case: Case) -> str:
        """Empty, or why the place can't run a case."""
        return self._answer(case).skips[case.id]

    def unexportable(self, case: Case) -> str:
        """Empty, or why the place can't make a case's artifact, though it need not run it."""
        return self._answer(case).unexportable[case.id]

    def lacks(self, case: Case) -> int:
        """How much of what the case needs the place doesn't have."""
        return self._answer(case).lacks[case.id]

    def _answer(self, case: Case) -> ProbeReport:
        if case.id not in self._answers:
            self._answers[case.id] = self.walk.probe(self.place, case)
        return self._answers[case.id]

    def environment(self, case: Case) -> Environment:
        """Place and moment, as a case begins."""
        return self.walk.probe(self.place, case, environments=True).environments[case.id]

    def identified(self, case: Case) -> Routine[Case]:
        """The case with what the model's weights tell, and the digests of its weights and data set."""
        asked = case.model_copy(update={"weights_digest": "", "dataset_digest": ""})
        key = f"weights {case.model.model_dump_json()} {case.dataset.model_dump_json()}"
        job = self._job(WeightsJob, asked)
        found = (yield self._step(key, asked, job, "finding weights")).report
        model, asked_of = case.model.completed(found.told), case.protocol
        size = (asked_of.height, asked_of.width)
        if reason := model.misfit(found.told, asked_of.task, size):
            failure = Failure(step="case", type="Unsupported", message=reason)
            raise StepFailed(failure, skipped=True)
        digests = {"weights_digest": found.weights_digest, "dataset_digest": found.dataset_digest}
        return case.model_copy(update={"model": model, **digests})

    def ready(self, case: Case) -> Routine[Prepared]:
        """A case that was not identified yet, prepared."""
        return (yield from self.prepared((yield from self.identified(case))))

    def prepared(self, case: Case, batch: int | None = None) -> Routine[Prepared]:
        """An identified case whose session can be opened; `batch` = found by an earlier process."""
        made = yield from self._sized_with_data(case, batch)
        return (yield from self.opened(made))

    def opened(self, made: Prepared, *, stages: bool = False) -> Routine[Prepared]:
        """The case with its artifact, or with one that has the outputs of the model's stages, too."""
        digests, chain = self._chain(made, made.case.variant, stages=stages)
        return _with_artifact(made, digests, (yield chain))

    def compared(
        self, case: Case, shard: keys.Shard = None
    ) -> Routine[tuple[Prepared, str | None, str]]:
        """An identified case, digest of the reference's outputs or None, and why there are none.

        Outputs of a shard are those of its images.
        """
        made = yield from self._sized_with_data(case)
        digests, chain = self._chain(made, case.variant)
        name = f"the reference {case.reference.slug}"
        reason = self.skips(case.model_copy(update={"variant": case.reference}))
        if reason:
            made = _with_artifact(made, digests, (yield chain))
            return made, None, f"{name} doesn't run here: {reason}"
        target, reference = self._reference(made, shard)
        *done, last = yield (*chain, reference)
        made = _with_artifact(made, digests, done)
        if isinstance(last, StepFailed):
            return made, None, f"{name} failed: {last.failure.message}"
        return made, target, ""

    def _sized_with_data(self, case: Case, batch: int | None = None) -> Routine[Prepared]:
        """An identified case with its images, the size of its input and its batch."""
        asked = (v.calibration for v in (case.variant, case.reference))
        sets = {c.key: c for c in asked if c is not None}
        splits = tuple(sorted({c.split for c in sets.values()}))
        images = (case.protocol.images, not case.model.unjudged, case.protocol.parity_images)
        key = (
            f"dataset {case.dataset.model_dump_json()} {images} {case.protocol.task} {sorted(sets)}"
        )
        asked_sets = tuple(sets.values())
        job = self._job(DatasetJob, case, calibration_splits=splits, calibration_sets=asked_sets)
        step = self._step(key, case, job, f"preparing data set {case.dataset.name}")
        made = sized(case, (yield step).report)
        if case.protocol.batch_size != LARGEST:
            return made
        if batch is None:
            digest = keys.batch_digest(case, made.size, self.told.machine.identity)
            seek = partial(self.seek, self, made)
            batch = yield self._step(f"batch {digest}", case, seek, kind="measure")
        return replace(made, ran=case.asking(batch_size=batch))

    def _reference(self, made: Prepared, shard: keys.Shard) -> tuple[str, Node]:
        """Digest of the outputs of a case's reference, and the step that computes them."""
        # One reference for all batches; where the largest is sought, one image at a time.
        case = made.case.asking(batch_size=max(1, made.case.protocol.batch_size))
        made = sized(case, made.data)
        digests, chain = self._chain(made, case.reference)
        machine = self.told.machine.identity
        target = keys.reference_digest(case, made.size, made.data.digest, machine, shard)
        artifact = digests[-1] if digests else None
        opens = {"artifact": artifact, "memory_limit_bytes": None, "shard": shard}
        job = self.session(ReferenceJob, made, target=target, **opens)
        what = f"computing the reference {case.reference.slug}"
        step = self._step(f"reference {target}", case, job, what, needs=chain, optional=True)
        return target, step

    def measured(self, step: type[S], made: Prepared, what: str, **fields: Any) -> Node:
        """Step that opens the case's session; it has the place to itself, unless it is a shard."""
        job = self.session(step, made, **fields)
        key = f"{job.log} {made.case.id}"
        kind = "prepare" if job.shard else "measure"
        return self._step(key, made.case, job, what, kind=kind)

    def alone(self, case: Case, what: str, work: Callable[[], Any]) -> Node:
        """Value of work that does jobs of its own, and has the place to itself meanwhile."""

        def value() -> Any:
            self.walk.listener.step(case, what)
            return work()

        return self._step(f"{what} {case.id}", case, value, kind="measure")

    def session(self, kind: type[S], made: Prepared, **fields: Any) -> S:
        """Job of a step that opens the case's session."""
        opens = {
            "size": made.size,
            "artifact": made.artifact,
            "memory_limit_bytes": made.case.target.memory_limit_bytes,
        }
        return self._job(kind, made.ran, made.data, **{**opens, **fields})

    def _chain(
        self, made: Prepared, variant: Variant, *, stages: bool = False
    ) -> tuple[list[str], tuple[Node, ...]]:
        """Digests of what a variant's recipe makes, and its steps; each needs the one before."""
        calibration = variant.calibration
        images = made.data.calibration.get(calibration.split, "") if calibration else ""
        digests = keys.recipe_digests(made.ran, variant, made.size, images, stages=stages)
        case = made.ran.model_copy(update={"variant": variant})
        nodes: list[Node] = []
        for at, digest in enumerate(digests):
            job = self._job(
                ArtifactJob,
                case,
                made.data,
                size=made.size,
                position=at,
                previous=digests[at - 1] if at else None,
                target=digest,
                stages=stages,
            )
            key, what = f"artifact {digest} {made.data.digest}", f"making {variant.steps[at].name}"
            nodes.append(self._step(key, case, job, what, needs=tuple(nodes[-1:])))
        return digests, tuple(nodes)

    def _job(
        self, kind: type[J], case: Case, data: DatasetReport | None = None, **fields: Any
    ) -> J:
        """A job that names weights and images by digest, as soon as their digests are known."""
        if case.weights_digest and case.model.is_path:
            model = case.model.model_copy(update={"location": ""})
            case = case.model_copy(update={"model": model})
        if data is not None and data.place:
            dataset = case.dataset.model_copy(update={"root": None})
            case = case.model_copy(update={"dataset": dataset})
        return kind(
            case=case,
            data=data.place if data else "",
            threads=self.threads(case),
            allow_code=self.walk.setting.allow_code,
            guarded=self.guarded,
            **fields,
        )

    def _step(self, key: str, case: Case, job: Any, what: str = "", **more: Any) -> Node:
        return Node(f"{self.place}: {key}", case, self.place, job, what=what, **more)


def sized(case: Case, data: DatasetReport) -> Prepared:
    """The case with its input's height and width, rounded up to the model's multiple.

    They are the ONNX file's where there is one, else the protocol's, else the first image's.
    """
    onnx, asked = case.model.onnx, case.protocol
    size = (asked.height or data.size[0], asked.width or data.size[1])
    padded = case.model.padded(*size) if onnx is None else (onnx.height, onnx.width)
    return Prepared(case, case, data, padded)


def _with_artifact(made: Prepared, digests: list[str], done: Iterable[Outcome]) -> Prepared:
    reports = (cast("ArtifactReport", each.report) for each in done)
    return replace(made, chain=tuple(zip(digests, reports, strict=True)))
