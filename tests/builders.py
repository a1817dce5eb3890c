"""Small, true records for tests: label maps are drawn, flipped, counted and stored for real.

`build_run(tmp_path)` gives a `Run` on disk. Every number follows from the seed, so a test can say
what it wants (a share of flipped pixels, a latency, a status) and derive the rest.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bench.record.counts import ConfusionMeasurement, InstanceMeasurement, RunTimes
from bench.record.environment import Environment, Machine
from bench.record.result import Artifact, DatasetRecord, Failure, Process, Result
from bench.record.store import (
    Run,
    RunInfo,
    read_run,
    to_json,
    write_arrays,
    write_atomic,
    write_result,
)
from bench.suite.case import Case
from bench.suite.dataset import Dataset
from bench.suite.model import Model
from bench.suite.protocol import Protocol, accuracy_fingerprint
from bench.suite.target import Target
from bench.suite.variant import Step, Variant
from tests.measured import (
    NAMES,
    ceiling,
    components,
    confusion_arrays,
    flipped,
    gallery,
    instance_arrays,
    memory,
    parity,
    timing,
    truths,
    work,
)


def model(name: str = "micro", **more: Any) -> Model:
    """Trained model of the package; `source="seeded"` gets a seed."""
    more = {"source": "package", "location": name, "classes": NAMES, **more}
    if more["source"] == "seeded":
        more.setdefault("seed", 7)
    return Model(name=name, **more)


def variant(slug: str = "torch-fp32", **more: Any) -> Variant:
    """Variant of a slug: `torch-fp32`, `onnx-onnxruntime-int8-static` ..."""
    parts = slug.split("-")
    backend = parts.pop(1) if len(parts) > 2 and parts[0] == "onnx" else parts[0]
    recipe = "-".join(parts[2:])
    steps = () if parts[0] == "torch" else (Step(name=parts[0]),)
    fields = {"name": slug, "format": parts[0], "backend": backend, "precision": parts[1]}
    return Variant(**{**fields, "recipe": recipe, "steps": steps, **more})


def target(name: str = "cpu", **more: Any) -> Target:
    """Two threads of a processor."""
    return Target(name=name, **{"threads": 2, **more})


def dataset(name: str = "scenes", **more: Any) -> Dataset:
    """The 19 Cityscapes classes."""
    return Dataset(name=name, **{"loader": "scenes", **more})


def protocol(**more: Any) -> Protocol:
    """Protocol of a short case."""
    return Protocol(**{"warmup": 2, "iterations": 30, "parity_images": 4, **more})


def case(slug: str = "torch-fp32", **more: Any) -> Case:
    """Case of a variant's slug; any part may be given."""
    parts = {"model": model(), "target": target(), "dataset": dataset(), "protocol": protocol()}
    fields = {**parts, "variant": variant(slug), "reference": variant(), **more}
    return Case(**fields)


def environment(**more: Any) -> Environment:
    """A two-core machine that never existed."""
    machine = Machine(
        processor="Testing Processor 2",
        architecture="x86_64",
        cores=2,
        physical_cores=2,
        memory_bytes=8 * 2**30,
        system="Linux 6.1",
    )
    fields: dict[str, Any] = {
        "machine": machine,
        "flags": ("avx2", "fma"),
        "clock_mhz": 2500.0,
        "load_average": 0.25,
        "threads": 2,
        "versions": {"python": "3.11.9", "segbench": "0.1.0", "torch": "2.13.0"},
        "git_commit": "0123456789abcdef0123456789abcdef01234567",
        "git_dirty": False,
        "code_digest": "c0de" * 4,
    }
    return Environment(**{**fields, **more})


def result(of: Case | None = None, **more: Any) -> Result:
    """Result without measurements; failed and skipped ones get a reason."""
    of = of or case()
    status = more.get("status", "ok")
    fields: dict[str, Any] = {"case": of, "fingerprint": of.fingerprint, "status": status}
    if status != "skipped":
        fields["environment"] = environment()
        fields["timing_fingerprint"] = of.protocol.timing_fingerprint(of.target.threads)
    if status != "ok":
        fields["reason"] = f"The case is {status} because the test says so."
    if status == "failed":
        fields["failure"] = Failure(step="case", type="SIGKILL", message="killed by signal 9")
    return Result(**{**fields, "started": "2026-11-22T12:00:00Z", **more})


@dataclass(frozen=True)
class Planned:
    """What a built row shall be like (kept apart from bench.metrics.base.Row)."""

    slug: str = "torch-fp32"
    flip: float = 0.0
    """Share of the reference's labels that this variant gets differently."""
    latency_ms: float = 20.0
    """Median of the end-to-end latency, milliseconds."""
    status: str = "ok"
    reason: str = ""
    file_bytes: int = 7_000_000
    peak_bytes: int = 400 * 2**20
    model: str = "micro"
    seeded: bool = False
    target: str = "cpu"
    about: str = ""

    @property
    def case(self) -> Case:
        """The case that it stands for."""
        made = model(self.model, source="seeded" if self.seeded else "package")
        return case(
            self.slug,
            model=made,
            target=target(self.target),
            variant=variant(self.slug, about=self.about),
        )


@dataclass(frozen=True)
class Corrupted(Planned):
    """A row whose images are corrupted; without a corruption, its clean sibling on the sweep."""

    corruption: str = ""
    """`fog/3`."""

    @property
    def case(self) -> Case:
        """The case, as a sweep over corruptions makes it."""
        made = super().case
        asked = made.protocol.model_copy(update={"corruption": self.corruption})
        axis = f"corruption={self.corruption.replace('/', '-') or 'none'}"
        return made.model_copy(update={"protocol": asked, "axis": axis})


@dataclass(frozen=True)
class Swept(Planned):
    """A row that stands on a sweep."""

    sweep: dict[str, str | int | float] = field(default_factory=dict)
    axis: str = ""
    """The block's own."""

    @property
    def case(self) -> Case:
        """The case, whose axis says where it stands."""
        texts = [*([self.axis] if self.axis else []), *(f"{k}={v}" for k, v in self.sweep.items())]
        return super().case.model_copy(update={"sweep": self.sweep, "axis": ",".join(texts)})


ROWS = (
    Planned(),
    Planned("onnx-onnxruntime-fp32", latency_ms=10.0, file_bytes=14_000_000),
    Planned("onnx-onnxruntime-int8-static", flip=0.06, latency_ms=8.0, file_bytes=4_000_000),
    Planned("torch-bf16", flip=0.6, latency_ms=25.0, status="wrong"),
    Planned("openvino-fp32", status="skipped", reason="openvino is not installed."),
    Planned("torchscript-fp32", status="failed", reason="The worker was killed by SIGKILL."),
)


def build_run(
    folder: Path,
    rows: tuple[Planned, ...] = ROWS,
    *,
    images: int = 8,
    seed: int = 0,
    size: tuple[int, int] = (32, 64),
    error: float = 0.15,
    panels: int = 2,
    iterations: int = 30,
    plan: tuple[str, ...] | None = None,
    **info: Any,
) -> Run:
    """Run on disk with one result a row.

    Args:
        error: share of pixels that the reference variant itself gets wrong.
        plan: ids of the plan; more than the rows' = pending cases.
        info: other fields of RunInfo.
    """
    classes = len(NAMES)
    names = tuple(f"city{i % 3}_{i:06d}_000000" for i in range(images))
    truth = truths(images, size, classes, seed)
    for row in rows:
        of = row.case
        salt = zlib.crc32(of.model.name.encode()) % 1000
        base = flipped(truth, error, classes, seed + 1 + salt)
        mine = flipped(base, row.flip, classes, seed + 2 + zlib.crc32(row.slug.encode()) % 1000)
        more: dict[str, Any] = {"status": row.status}
        if row.reason:
            more["reason"] = row.reason
        if row.status in {"ok", "wrong"}:
            cases = folder / "cases"
            found: list[Any] = []
            if not row.seeded:
                counts = confusion_arrays(truth, mine, classes)
                found += [
                    ConfusionMeasurement(
                        classes=NAMES,
                        images=names,
                        asked=images,
                        groups=tuple(n.split("_")[0] for n in names),
                        arrays=write_arrays(cases, of.id, "confusion", counts),
                    ),
                    InstanceMeasurement(
                        classes=NAMES,
                        images=names,
                        arrays=write_arrays(
                            cases, of.id, "instances", instance_arrays(truth, mine)
                        ),
                    ),
                    gallery(folder / "media", truth[:panels], mine[:panels], names[:panels]),
                ]
                more["accuracy_fingerprint"] = accuracy_fingerprint(
                    of.protocol, "d" * 64, {}, of.dataset.ignore_index, images
                )
            forward = (int(row.latency_ms * 1e6),) * images
            samples = timing(row.latency_ms, iterations, seed + zlib.crc32(of.id.encode()))
            found += [RunTimes(forward_ns=forward, wall_ns=sum(forward) * 2), samples]
            found += [memory(row.peak_bytes), parity(mine, base, names, row.flip, row.seeded)]
            found.append(work(size))
            if row.slug.startswith("torch-"):
                found.append(components(row.latency_ms * 0.8))
            weights = row.file_bytes * 9 // 10
            more["measurements"] = tuple(found)
            more["artifact"] = Artifact(
                digest="a" * 64,
                file_bytes=row.file_bytes,
                weight_bytes=weights,
                parameters=weights // 4,
                files=("model.bin",),
            )
            more["dataset"] = DatasetRecord(digest="d" * 64, images=images)
            more["process"] = Process(
                startup_s=0.3, import_s=1.0, load_s=0.5, accuracy_s=2.0, timing_s=1.0, other_s=0.2,
                wall_s=5.0,
            )  # fmt: skip
        write_result(folder, result(of, **more))
    roof = ceiling(environment().machine)
    write_atomic(folder / "ceilings" / "cpu.2.json", to_json(roof))
    ids = tuple(r.case.id for r in rows)
    fields: dict[str, Any] = {"suite": "built", "title": "A built run", "plan": plan or ids}
    command = ("segbench", "run", "built")
    written = RunInfo(**{**fields, "segbench": "0.1.0", "command": command, **info})
    write_atomic(folder / "run.json", to_json(written))
    return read_run(folder)


def with_rows(rows: tuple[Planned, ...], slug: str, **changes: Any) -> tuple[Planned, ...]:
    """The rows, of which those of a variant are changed."""
    return tuple(replace(r, **changes) if r.slug == slug else r for r in rows)
