"""The user's own modules of tests/exporters/nets.py, exported and loaded in this process."""

from __future__ import annotations

from bench.jobs.prepare import ArtifactJob
from bench.measure.steps import artifact
from bench.suite.model import Model
from bench.suite.variant import Step, Variant
from tests import small

SCRIPT = Variant(
    name="torchscript-fp32",
    format="torchscript",
    backend="torchscript",
    precision="fp32",
    steps=(Step(name="torchscript"),),
)


def silent(*words):
    """No progress."""


def job(kind, of, tmp_path, variant=SCRIPT, *, stages=False, **protocol):
    """Job of a step that opens the case's session, whose artifact was made here."""
    model = Model(
        name=of, loader="callable", source="code", location=f"tests.exporters.nets:{of}",
        classes=small.CLASSES, pixels=small.PLAIN,
    )  # fmt: skip
    data = small.folder(small.pictures(tmp_path / "pictures"))
    rules = small.QUICK.model_copy(update=protocol)
    (case,) = small.suite(
        small.block(model, data, variant, protocol=rules), reference=small.TORCH
    ).expand()
    common = {"case": case, "cache": str(tmp_path), "size": small.SIZE, "allow_code": True}
    target = f"{of}-{stages}" if variant.steps else None
    if target:
        made = ArtifactJob(position=0, previous=None, target=target, stages=stages, **common)
        artifact.run(made, silent)
    return kind(artifact=target, **common)
