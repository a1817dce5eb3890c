"""Digests of what the cache holds, and of what makes a stored result stand."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

from bench import registry
from bench.devices import machine
from bench.registry import installed
from bench.resources import code_of
from bench.suite.base import digest

if TYPE_CHECKING:
    from bench.suite.case import Case
    from bench.suite.variant import Variant

MEASURING = (
    "backends", "datasets", "devices", "exporters", "measure", "metrics/latency.py",
    "metrics/parity.py", "models", "tasks", "transforms",
)  # fmt: skip
"""Rooms and files whose code makes a number what it is; of the metrics, those that counting, the
end of the timing and the status `wrong` depend on."""
EXPORTING = ("exporters", "models", "transforms")
"""Rooms whose code makes an artifact what it is."""


def code_digest() -> str:
    """Digest, 16 hexadecimal digits, of the code that measures."""
    return code_of(MEASURING)


def recipe_digests(
    case: Case, variant: Variant, weights: str, size: tuple[int, int], data: str
) -> list[str]:
    """Digest of the artifact after each step of a recipe; `data` is the calibration set's."""
    found: list[str] = []
    for step in variant.steps:
        exporter = registry.load("exporter", step.name)
        what: dict[str, Any] = {
            "after": found[-1] if found else weights,
            "step": step.name,
            "options": step.options,
            "versions": {d: installed(d) for d in exporter.needs},
            "code": code_of(EXPORTING),
            "size": size,
            "batch": case.protocol.batch_size,
            "onnx": case.model.onnx.model_dump() if case.model.onnx else None,
        }
        if exporter.calibrates:
            calibration = variant.calibration
            what["calibration"] = calibration.model_dump() if calibration else None
            what["data"] = data
            what["preprocess"] = [case.protocol.preprocess, case.model.pixels.model_dump()]
        found.append(digest(what))
    return found


def reference_digest(case: Case, weights: str, size: tuple[int, int], data: str) -> str:
    """Digest of the reference's outputs: one device computes them for all its targets."""
    return digest({
        "weights": weights,
        "variant": case.reference.model_dump(exclude={"about"}),
        "device": case.target.device,
        "machine": machine.describe().identity,
        "data": data,
        "split": case.dataset.split,
        "accuracy": case.protocol.accuracy_fields(),
        "parity_images": case.protocol.parity_images,
        "limit": case.protocol.accuracy_limit_s,
        "size": size,
        "pixels": case.model.pixels.model_dump(),
        "versions": versions(case, case.reference),
        "code": code_digest(),
    })


def batch_digest(case: Case, size: tuple[int, int]) -> str:
    """Digest of the largest batch that fits: another runtime or machine may have room for another."""
    return digest({
        "machine": machine.describe().identity,
        "target": case.target.model_dump(mode="json", exclude={"name", "about"}),
        "weights": case.weights_digest,
        "variant": case.variant.model_dump(exclude={"about"}),
        "protocol": [case.protocol.preprocess, case.protocol.postprocess],
        "size": size,
        "versions": versions(case, case.variant),
        "code": code_digest(),
    })


def ceiling_digest(device: str, threads: int) -> str:
    """Digest of what the machine itself can do, on a device with a number of threads."""
    return digest({
        "machine": machine.describe().identity,
        "device": device,
        "threads": threads,
        "versions": {name: installed(name) for name in ("numpy", "torch")},
        "code": code_of(("measure/ceiling.py", "measure/steps/ceiling.py")),
    })


def versions(case: Case, variant: Variant) -> dict[str, str]:
    """Versions of the distributions that a variant's numbers depend on."""
    loader = registry.load("model", case.model.loader)
    names = {*needs(variant), *loader.needs, "numpy", "opencv-python-headless"}
    return {name: installed(name) for name in sorted(names)}


def needs(variant: Variant) -> tuple[str, ...]:
    """Distributions that a variant's backend and export steps need."""
    steps = (registry.load("exporter", step.name).needs for step in variant.steps)
    needed = chain(registry.load("backend", variant.backend).needs, *steps)
    return tuple(dict.fromkeys(needed))
