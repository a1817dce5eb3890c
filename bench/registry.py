"""Names of things -> where they are defined; loaded only when asked for.

`TABLE` is made of literals, so that listing what there is imports nothing. Other packages add to it through
entry points in the groups `segbench.KIND` (see CONTRIBUTING.md and tests/plugin).
"""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from typing import TYPE_CHECKING, Any, Literal, TypeVar, overload

from bench.errors import BadInput, UnknownName

if TYPE_CHECKING:
    from pathlib import Path

    from bench.backends.base import Backend
    from bench.datasets.base import DatasetLoader
    from bench.devices.base import Device
    from bench.execute.base import Executor
    from bench.exporters.base import ExportStep
    from bench.measure.scenarios.base import Scenario
    from bench.metrics.base import Metric, Source
    from bench.models.base import ModelLoader
    from bench.models.families.base import Family
    from bench.report.blocks import Section
    from bench.report.view import View
    from bench.tasks.base import Task
    from bench.transforms.base import Preprocess, Rule
    from bench.transforms.corruptions.base import Corruption

T = TypeVar("T")

METRICS = (
    "accuracy", "difference", "scores", "latency", "processes", "load", "memory", "parity",
    "robustness", "roofline", "coverage", "rules",
)  # fmt: skip
SECTIONS = (
    "summary", "variants", "tradeoff", "gallery", "classes", "confidence", "differences", "processing", "robustness",
    "latency", "phases", "work", "coverage", "roofline", "memory", "fits", "sweeps", "exports",
    "unmeasured", "calibration", "environment", "limits",
)  # fmt: skip
"""In the order in which a card shows them."""
TABLE: dict[str, dict[str, str]] = {
    "device": {
        "cpu": "bench.devices.cpu:CpuDevice",
        "cuda": "bench.devices.cuda:CudaDevice",
    },
    "dataset": {
        "scenes": "bench.datasets.scenes.loader:ScenesLoader",
        "cityscapes": "bench.datasets.cityscapes:CityscapesLoader",
        "folder": "bench.datasets.folder:FolderLoader",
        "coco": "bench.datasets.coco:CocoLoader",
        "coco_panoptic": "bench.datasets.coco_panoptic:CocoPanopticLoader",
        "mapillary": "bench.datasets.mapillary:MapillaryLoader",
        "ade20k_full": "bench.datasets.ade20k_full:AdeFullLoader",
    },
    "model": {
        "transformers": "bench.models.transformers:TransformersLoader",
        "callable": "bench.models.callable:CallableLoader",
        "onnx": "bench.models.onnx:OnnxLoader",
    },
    "family": {
        "mask2former": "bench.models.families.mask2former:Mask2Former",
        "oneformer": "bench.models.families.oneformer:OneFormer",
        "segformer": "bench.models.families.segformer:SegFormer",
        "mobilenet_v2": "bench.models.families.mobilenet_v2:MobileNetV2",
        "upernet": "bench.models.families.upernet:UPerNet",
        "beit": "bench.models.families.beit:Beit",
        "dpt": "bench.models.families.dpt:Dpt",
        "eomt": "bench.models.families.eomt:Eomt",
        **{
            name: f"bench.models.families.backbones:{leaf}"
            for name, leaf in {
                "resnet": "ResNet",
                "efficientnet": "EfficientNet",
                "convnext": "ConvNext",
                "swin": "Swin",
                "vit": "Vit",
                "dinov2": "Dinov2",
            }.items()
        },
    },
    "task": {
        "semantic": "bench.tasks.semantic:SemanticTask",
        "panoptic": "bench.tasks.panoptic:PanopticTask",
        "instance": "bench.tasks.instance:InstanceTask",
    },
    "preprocess": {
        "normalize": "bench.transforms.pixels:normalize",
        "normalize-float": "bench.transforms.pixels:normalize_float",
        "normalize-linear": "bench.transforms.pixels:normalize_linear",
    },
    "postprocess": {
        "reference": "bench.transforms.labels:REFERENCE",
        "hf": "bench.transforms.labels:HF",
        "panoptic": "bench.transforms.panoptic:PANOPTIC",
        "panoptic-hf": "bench.transforms.panoptic:PANOPTIC_HF",
        "instance": "bench.transforms.instance:INSTANCE",
        "instance-hf": "bench.transforms.instance:INSTANCE_HF",
    },
    "corruption": {
        name: f"bench.transforms.corruptions.{module}:{name}"
        for module, names in {
            "noise": "gaussian_noise shot_noise impulse_noise speckle_noise",
            "blur": "defocus_blur glass_blur motion_blur zoom_blur gaussian_blur",
            "weather": "snow frost fog brightness spatter",
            "digital": "contrast pixelate jpeg_compression elastic_transform saturate",
        }.items()
        for name in names.split()
    },
    "scenario": {
        "single_stream": "bench.measure.scenarios.back_to_back:run",
        "offline": "bench.measure.scenarios.back_to_back:run",
        "server": "bench.measure.scenarios.arrivals:server",
        "constant_stream": "bench.measure.scenarios.arrivals:constant_stream",
    },
    "exporter": {
        "torchscript": "bench.exporters.torchscript:TorchScriptStep",
        "export": "bench.exporters.exported:ExportedStep",
        "pt2e-int8": "bench.exporters.pt2e:Pt2eStep",
        "aoti": "bench.exporters.aoti:AotiStep",
        "executorch": "bench.exporters.executorch:ExecuTorchStep",
        "onnx": "bench.exporters.onnx:OnnxStep",
        "ort-int8-static": "bench.exporters.ort:OrtStaticStep",
        "ort-int8-dynamic": "bench.exporters.ort:OrtDynamicStep",
        "ort-fp16": "bench.exporters.ort_graph:OrtHalfStep",
        "ort-optimized": "bench.exporters.ort_graph:OrtOptimizedStep",
        "openvino": "bench.exporters.openvino:OpenVinoStep",
        "mnn": "bench.exporters.mnn:MnnStep",
        "nncf-int8": "bench.exporters.nncf:NncfStep",
        "nncf-int8-accuracy": "bench.exporters.nncf:NncfAccuracyStep",
        "nncf-weights": "bench.exporters.nncf:NncfWeightsStep",
        "coreml": "bench.exporters.coreml:CoreMlStep",
        "ncnn": "bench.exporters.ncnn:NcnnStep",
    },
    "executor": {
        "local": "bench.execute.local:LocalExecutor",
        "ray": "bench.execute.ray:RayExecutor",
    },
    "backend": {
        "torch": "bench.backends.torch:TorchBackend",
        "torchscript": "bench.backends.torch:TorchScriptBackend",
        "compile": "bench.backends.compile:CompileBackend",
        "aoti": "bench.backends.aoti:AotiBackend",
        "torchao": "bench.backends.torchao:TorchAoBackend",
        "executorch": "bench.backends.executorch:ExecuTorchBackend",
        "onnxruntime": "bench.backends.onnxruntime:OnnxRuntimeBackend",
        "openvino": "bench.backends.openvino:OpenVinoBackend",
        "pipeline": "bench.backends.pipeline:PipelineBackend",
        "endpoint": "bench.backends.endpoint:EndpointBackend",
        "mnn": "bench.backends.mnn:MnnBackend",
        "coreml": "bench.backends.coreml:CoreMlBackend",
        "ncnn": "bench.backends.ncnn:NcnnBackend",
    },
    "metric": {
        **{name: f"bench.metrics.catalog.{name}:metrics" for name in METRICS},
        "difference": "bench.metrics.catalog.accuracy:difference",
        "scores": "bench.metrics.catalog.accuracy:scores",
        "boundary": "bench.metrics.catalog.further:boundary",
        "edge": "bench.metrics.catalog.further:edge",
        "calibration": "bench.metrics.catalog.further:calibration",
    },
    "section": {name: f"bench.report.sections.{name}:section" for name in SECTIONS},
}


@dataclass(frozen=True)
class Entry:
    """One thing that can be asked for by name."""

    kind: str
    name: str
    target: str
    """`module:attribute`."""
    provider: str
    """Distribution that brings it."""


@cache
def entries(kind: str) -> dict[str, Entry]:
    """Name -> entry of everything of a kind: segbench's own first, then other packages'.

    Raises:
        BadInput: two packages bring the same name.
    """
    found = {n: Entry(kind, n, t, "segbench") for n, t in TABLE[kind].items()}
    for point in metadata.entry_points(group=f"segbench.{kind}"):
        provider = point.dist.name if point.dist else "unknown"
        entry = Entry(kind, point.name, point.value, provider)
        if found.setdefault(point.name, entry) != entry:
            raise BadInput(
                f"{found[point.name].provider} and {provider} both bring a {kind} called "
                f"{point.name!r}.",
                f"Uninstall one: python -m pip uninstall {provider}",
            )
    return found


def find(kind: str, name: str) -> Entry:
    """Entry of a name.

    Raises:
        UnknownName: no entry of that kind has the name; the nearest name is the hint.
    """
    return named(entries(kind), kind, name)


@overload
def load(kind: Literal["backend"], name: str) -> type[Backend]: ...
@overload
def load(kind: Literal["corruption"], name: str) -> Corruption: ...
@overload
def load(kind: Literal["dataset"], name: str) -> type[DatasetLoader]: ...
@overload
def load(kind: Literal["device"], name: str) -> type[Device]: ...
@overload
def load(kind: Literal["executor"], name: str) -> Callable[[Path, str | None], Executor]: ...
@overload
def load(kind: Literal["exporter"], name: str) -> type[ExportStep]: ...
@overload
def load(kind: Literal["family"], name: str) -> type[Family]: ...
@overload
def load(kind: Literal["metric"], name: str) -> Callable[[Source], dict[str, Metric]]: ...
@overload
def load(kind: Literal["model"], name: str) -> type[ModelLoader]: ...
@overload
def load(kind: Literal["postprocess"], name: str) -> Rule: ...
@overload
def load(kind: Literal["preprocess"], name: str) -> Preprocess: ...
@overload
def load(kind: Literal["scenario"], name: str) -> Scenario: ...
@overload
def load(kind: Literal["task"], name: str) -> type[Task]: ...
@overload
def load(kind: Literal["section"], name: str) -> Callable[[View], Section | None]: ...
def load(kind: str, name: str) -> Any:
    """Attribute that an entry names, imported now; `nox -s types` holds each against its type."""
    entry = find(kind, name)
    module, _, attribute = entry.target.partition(":")
    return getattr(importlib.import_module(module), attribute)


@cache  # reading metadata takes milliseconds, and a suite may ask ten thousand times
def version(distribution: str) -> str | None:
    """Installed version of a distribution, or None."""
    # These install the module of onnxruntime under names of their own.
    more = ("onnxruntime-gpu", "onnxruntime-openvino") if distribution == "onnxruntime" else ()
    for name in (distribution, *more):
        try:
            return metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return None


def installed(distribution: str) -> str:
    """Installed version, or `absent`."""
    return version(distribution) or "absent"


def named(table: Mapping[str, T], kind: str, name: str) -> T:
    """Entry of a table.

    Raises:
        UnknownName: there is none; the nearest name is the hint.
    """
    if name not in table:
        raise UnknownName(f"There is no {kind} called {name!r}.", suggest(name, table))
    return table[name]


def suggest(name: str, known: Iterable[object]) -> str:
    """Hint: the nearest known names, else all of them."""
    names = sorted(map(str, known))
    near = difflib.get_close_matches(name, names, n=2, cutoff=0.5)
    if near:
        return "Did you mean " + " or ".join(repr(n) for n in near) + "?"
    return "Known: " + ", ".join(names) + "."
