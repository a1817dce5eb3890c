"""The steps that a case needs: weights, data set, artifact, reference outputs, and then its sessions.

Each is a node with what it needs. Two cases that need the same have nodes of the same key, so that it
is done once, and where it failed, both fail with its reason.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, TypeVar

from bench.jobs.base import Job, SessionJob
from bench.jobs.prepare import ArtifactJob, DatasetJob, ReferenceJob, WeightsJob
from bench.plan import keys
from bench.plan.prepared import Prepared, identified
from bench.plan.setting import StepFailed
from bench.plan.walk import Node
from bench.suite.protocol import LARGEST

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.jobs.prepare import DatasetReport, ProbeReport
    from bench.plan.walk import Walk
    from bench.record.environment import Environment
    from bench.suite.case import Case
    from bench.suite.variant import Variant

J = TypeVar("J", bound=Job)
S = TypeVar("S", bound=SessionJob)
GIB = 2**30


@dataclass(frozen=True)
class Graph:
    """The steps of one place."""

    walk: Walk
    place: str
    seek: Callable[[Graph, Prepared], int]
    """Finds the largest batch of a case whose protocol asks for it."""
    guarded: bool = False
    """Its processes end themselves before memory runs out."""
    _skips: dict[str, tuple[int, str]] = field(default_factory=dict)

    @cached_property
    def told(self) -> ProbeReport:
        """What the place says about itself."""
        return self.walk.probe(self.place)

    def threads(self, case: Case) -> int:
        """Threads of the runtime: the target's, or all that a process may use there."""
        return case.target.threads or self.told.cores

    def skips(self, case: Case) -> str:
        """Empty, or why the place can't run a case."""
        return self._lacks(case)[1]

    def lacks(self, case: Case) -> int:
        """How much of what the case needs the place doesn't have."""
        return self._lacks(case)[0]

    def _lacks(self, case: Case) -> tuple[int, str]:
        if case.id not in self._skips:
            told = self.walk.probe(self.place, case)
            self._skips[case.id] = told.lacks[case.id], told.skips[case.id]
        return self._skips[case.id]

    def environment(self, case: Case) -> Environment:
        """Place and moment, as a case begins."""
        return self.walk.probe(self.place, case, environments=True).environments[case.id]

    def make(self, case: Case) -> Prepared:
        """A case that was not identified yet, prepared now.

        Raises:
            StepFailed: a step failed, or can't run there.
        """
        found = self.walk.result(self.weights(case))
        made: Prepared = self.walk.result(self.prepared(identified(case, found.report)))
        return made

    def weights(self, case: Case) -> Node:
        """Step that finds the weights, and what determines the data set."""
        case = case.model_copy(update={"weights_digest": "", "dataset_digest": ""})
        key = f"weights {case.model.model_dump_json()} {case.dataset.model_dump_json()}"
        return self._step(key, case, lambda _: self._job(WeightsJob, case), "finding weights")

    def dataset(self, case: Case) -> Node:
        """Step that makes or checks the data set."""
        asked = (v.calibration for v in (case.variant, case.reference))
        splits = tuple(sorted({c.split for c in asked if c is not None}))
        key = f"dataset {_set(case)} {case.protocol.task} {splits}"
        job = partial(self._job, DatasetJob, case, calibration_splits=splits)
        return self._step(key, case, lambda _: job(), f"preparing data set {case.dataset.name}")

    def prepared(self, case: Case, batch: int | None = None) -> Node:
        """Value `Prepared` of an identified case.

        Args:
            case: what is wanted.
            batch: batch size that an earlier process of the case sought and found.
        """
        data = self.dataset(case)
        sought: tuple[Node, ...] = ()
        if case.protocol.batch_size != LARGEST:
            batch = None
        elif batch is not None:
            case = case.asking(batch_size=batch)
        if case.protocol.batch_size == LARGEST:
            digest = keys.batch_digest(case, _asked(case), self.told.machine.identity)
            sought = (
                self._step(
                    f"batch {digest} {data.key}",
                    case,
                    lambda found: self.seek(self, self._sized(case, case, found[0])),
                    needs=(data,),
                    kind="measure",
                ),
            )
        return self.opened(case, data, sought, batch)

    def given(self, case: Case, data: DatasetReport) -> Node:
        """A data set that was found before."""
        return self._step("given", case, lambda _: data)

    def opened(
        self, case: Case, data: Node, sought: tuple[Node, ...] = (), batch: int | None = None
    ) -> Node:
        """Value `Prepared` on a data set; `sought` has the batch size where that is to be found."""
        chain = self._chain(case, case.variant, data, sought)

        def made(found: list[Any]) -> Prepared:
            ran = case.asking(batch_size=found[1]) if sought else case
            asked = case if batch is None else case.asking(batch_size=LARGEST)
            prepared = self._sized(asked, ran, found[0])
            digests = self._digests(ran, case.variant, found[0])
            done = found[1 + len(sought) :]
            return replace(prepared, chain=tuple(zip(digests, done, strict=True)))

        key = f"prepared {case.fingerprint} {batch} {data.key}"
        return self._step(key, case, made, needs=(data, *sought, *chain))

    def reference(self, case: Case, shard: keys.Shard = None) -> Node:
        """Step that computes the outputs of an identified case's reference, or a shard of them."""
        # One reference for all batches; where the largest is sought, one image at a time.
        case = case.asking(batch_size=max(1, case.protocol.batch_size))
        data, variant = self.dataset(case), case.reference
        chain = self._chain(case, variant, data)

        def job(found: list[Any]) -> Job:
            prepared = self._sized(case, case, found[0])
            artifact = self._digests(case, variant, found[0])[-1:]
            target = self._reference_digest(case, prepared.size, found[0].digest, shard)
            made = replace(prepared, chain=tuple((a, found[-1]) for a in artifact))
            more = {"memory_limit_bytes": None, "target": target, "shard": shard}
            return self.session(ReferenceJob, made, **more)

        key = f"reference {self._reference_digest(case, _asked(case), _set(case), shard)}"
        return self._step(
            key,
            case,
            job,
            f"computing the reference {variant.slug}",
            needs=(data, *chain),
            optional=True,
        )

    def compared(self, case: Case, shard: keys.Shard = None) -> Node:
        """Value: `Prepared`, digest of the reference's outputs or None, and why there are none."""
        prepared, name = self.prepared(case), f"the reference {case.reference.slug}"
        reason = self.skips(case.model_copy(update={"variant": case.reference}))
        reference = () if reason else (self.reference(case, shard),)

        def both(found: list[Any]) -> tuple[Prepared, str | None, str]:
            if reason:
                return found[0], None, f"{name} doesn't run here: {reason}"
            if isinstance(found[1], StepFailed):
                return found[0], None, f"{name} failed: {found[1].failure.message}"
            made: Prepared = found[0]
            return made, self._reference_digest(made.case, made.size, made.data.digest, shard), ""

        key = f"compared {case.fingerprint} {shard}"
        return self._step(key, case, both, needs=(prepared, *reference))

    def measured(self, step: type[S], made: Prepared, what: str, **fields: Any) -> Node:
        """Step that opens the case's session; it has the place to itself, unless it is a shard."""
        job = self.session(step, made, **fields)
        key = f"{job.log} {made.case.id}"
        kind = "prepare" if job.shard else "measure"
        return self._step(key, made.case, lambda _: job, what, kind=kind)

    def alone(self, case: Case, what: str, work: Callable[[], Any]) -> Node:
        """Value of work that does jobs of its own, and has the place to itself meanwhile."""

        def value(_: list[Any]) -> Any:
            self.walk.listener.step(case, what)
            return work()

        return self._step(f"{what} {case.id}", case, value, kind="measure")

    def session(self, kind: type[S], made: Prepared, **fields: Any) -> S:
        """Job of a step that opens the case's session."""
        gib = made.case.target.memory_limit_gb
        return self._job(
            kind,
            made.ran,
            made.data,
            **{
                "size": made.size,
                "artifact": made.artifact,
                "memory_limit_bytes": None if gib is None else int(gib * GIB),
                **fields,
            },
        )

    def _chain(
        self, case: Case, variant: Variant, data: Node, sought: tuple[Node, ...] = ()
    ) -> tuple[Node, ...]:
        """Steps of a variant's recipe, each of which needs the one before."""
        own = case.model_copy(update={"variant": variant})
        nodes: list[Node] = []
        symbols = keys.recipe_digests(case, variant, _asked(case), data.key)
        for position, symbol in enumerate(symbols):

            def job(found: list[Any], at: int = position) -> Job:
                ran = own.asking(batch_size=found[1]) if sought else own
                digests = self._digests(ran, variant, found[0])
                return self._job(
                    ArtifactJob,
                    ran,
                    found[0],
                    size=self._sized(ran, ran, found[0]).size,
                    position=at,
                    previous=digests[at - 1] if at else None,
                    target=digests[at],
                )

            key = f"artifact {symbol} {_set(case)}"
            what = f"making {variant.steps[position].name}"
            needs = (data, *sought, *nodes[-1:])
            nodes.append(self._step(key, own, job, what, needs=needs))
        return tuple(nodes)

    def _digests(self, case: Case, variant: Variant, data: DatasetReport) -> list[str]:
        calibration = variant.calibration
        images = data.calibration.get(calibration.split, "") if calibration else ""
        return keys.recipe_digests(case, variant, self._sized(case, case, data).size, images)

    def _reference_digest(self, case: Case, size: keys.Size, data: str, shard: keys.Shard) -> str:
        case = case.asking(batch_size=max(1, case.protocol.batch_size))
        return keys.reference_digest(case, size, data, self.told.machine.identity, shard)

    def _sized(self, case: Case, ran: Case, data: DatasetReport) -> Prepared:
        """The case with its input's height and width, rounded up to the model's multiple.

        They are the ONNX file's where there is one, else the protocol's, else the first image's.
        """
        onnx, asked = case.model.onnx, case.protocol
        size = (asked.height or data.size[0], asked.width or data.size[1])
        padded = case.model.padded(*size) if onnx is None else (onnx.height, onnx.width)
        return Prepared(case, ran, data, padded)

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
        shared = {
            "case": case,
            "data": data.place if data else "",
            "threads": self.threads(case),
            "allow_code": self.walk.setting.allow_code,
            "guarded": self.guarded,
        }
        return kind(**{**shared, **fields})

    def _step(self, key: str, case: Case, job: Any, what: str = "", **more: Any) -> Node:
        return Node(f"{self.place}: {key}", case, self.place, job, what=what, **more)


def _set(case: Case) -> str:
    """The images of a case, as asked."""
    count = (case.protocol.images, case.model.trained, case.protocol.parity_images)
    return f"{case.dataset.model_dump_json()} {count}"


def _asked(case: Case) -> keys.Size:
    """Height and width as asked; None = the first image's, which isn't known yet."""
    return case.protocol.height, case.protocol.width
