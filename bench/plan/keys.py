"""Digests of what the cache holds."""

from typing import Any

from bench import registry
from bench.execute.probe import code_digest, runtime_versions
from bench.registry import installed
from bench.resources import code_of
from bench.suite.base import digest
from bench.suite.case import Case
from bench.suite.variant import Variant

Shard = tuple[int, int] | None
"""Part of the images, 0 first, and of how many; None = all."""
Size = tuple[int, int]
"""Input height and width."""
EXPORTING = ("exporters", "models", "transforms")
"""Rooms whose code makes an artifact what it is."""


def recipe_digests(
    case: Case, variant: Variant, size: Size, data: str, *, stages: bool = False
) -> list[str]:
    """Digest of the artifact after each step of a recipe; `data` is the calibration set's.

    With `stages`, that of the artifact that has the outputs of the model's stages, too.
    """
    found: list[str] = []
    for step in variant.steps:
        exporter = registry.load("exporter", step.name)
        what: dict[str, Any] = {
            "after": found[-1] if found else case.weights_digest,
            "step": step.name,
            "options": step.options,
            "versions": {d: installed(d) for d in exporter.needs},
            "code": code_of(EXPORTING),
            "size": size,
            "batch": case.protocol.batch_size,
            "onnx": case.model.onnx.model_dump() if case.model.onnx else None,
            **({} if case.model.pixels.bands == 3 else {"bands": case.model.pixels.bands}),
            **({"stages": True} if stages else {}),
        }
        if exporter.calibrates:
            calibration = variant.calibration
            what["calibration"] = calibration.model_dump() if calibration else None
            what["data"] = data
            what["preprocess"] = [case.protocol.preprocess, case.model.pixels.model_dump()]
            what |= case.protocol.geometry_fields()
        if exporter.validates:
            what["judged"] = [
                case.protocol.accuracy_fields(),
                case.dataset.model_dump(exclude={"root"}),
            ]
        found.append(digest(what))
    return found


def reference_digest(case: Case, size: Size, data: str, machine: str, shard: Shard = None) -> str:
    """Digest of the reference's outputs: one device of a machine computes them for all its targets."""
    return digest({
        "weights": case.weights_digest,
        "variant": case.reference.model_dump(exclude={"about"}),
        "device": case.target.device,
        "machine": machine,
        "data": data,
        "split": case.dataset.split,
        "accuracy": case.protocol.accuracy_fields(),
        "parity_images": case.protocol.parity_images,
        "limit": case.protocol.accuracy_limit_s,
        "size": size,
        "pixels": case.model.pixels.model_dump(),
        "versions": runtime_versions(case, case.reference),
        "code": code_digest(),
        **({"shard": shard} if shard else {}),
    })


def batch_digest(case: Case, size: Size, machine: str) -> str:
    """Digest of the largest batch that fits: another runtime or machine may have room for another."""
    return digest({
        "machine": machine,
        "target": case.target.model_dump(mode="json", exclude={"name", "about"}),
        "weights": case.weights_digest,
        "variant": case.variant.model_dump(exclude={"about"}),
        "protocol": [case.protocol.preprocess, case.protocol.postprocess],
        **case.protocol.geometry_fields(),
        "size": size,
        "versions": runtime_versions(case, case.variant),
        "code": code_digest(),
    })


def ceiling_digest(device: str, threads: int, machine: str) -> str:
    """Digest of what the machine itself can do, on a device with a number of threads."""
    return digest({
        "machine": machine,
        "device": device,
        "threads": threads,
        "versions": {name: installed(name) for name in ("numpy", "torch")},
        "code": code_of(("measure/steps/ceiling.py",)),
    })
