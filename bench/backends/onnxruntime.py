"""ONNX Runtime. Imports no torch."""

import functools
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench import registry
from bench.backends import providers
from bench.backends.base import Backend, OpenJob, Session
from bench.devices.base import Device
from bench.errors import UnknownName, Unsupported, WeightsError
from bench.suite.variant import Variant

_INPUTS = {"tensor(float)": "float32", "tensor(float16)": "float16"}
_LEVELS = {
    "all": "ORT_ENABLE_ALL",
    "extended": "ORT_ENABLE_EXTENDED",
    "basic": "ORT_ENABLE_BASIC",
    "disabled": "ORT_DISABLE_ALL",
}
"""Value of the option `optimization` -> `onnxruntime.GraphOptimizationLevel`."""
_FLOATS = {1: "fp32", 10: "fp16", 16: "bf16", 11: "fp64"}
"""TensorProto.DataType of the ONNX specification -> the project's word."""
_PRODUCTS = {"Conv", "ConvTranspose", "FusedConv", "MatMul", "FusedMatMul", "Gemm", "FusedGemm"}
_INT8 = ("QLinearConv", "QLinearMatMul", "QGemm", "QAttention", "ConvInteger", "MatMulInteger",
         "DynamicQuantizeMatMul", "DynamicQuantizeLSTM")  # fmt: skip
LARGEST = 256 * 2**20
"""Bytes of the largest model that is looked into: its optimised graph is written out as a whole."""


class OnnxRuntimeBackend(Backend):
    """`onnxruntime.InferenceSession` on the device's own execution provider, or one that the variant names."""

    needs = ("onnxruntime",)
    options = ("provider", "optimization")
    """`optimization` = all (default), extended, basic or disabled."""
    parts = "profiler"
    profile = "onnxruntime"
    precisions = ("fp32", "tf32", "fp16", "bf16", "int8")

    def refuses(self, variant: Variant, device: Device) -> str:
        """Empty, or why not: the provider, the precision in it, or its distribution."""
        if no := self.supports(variant.precision, device):
            return no
        try:
            provider = providers.chosen(variant, device.runtimes["onnxruntime"])
            _level(variant)
        except UnknownName as e:
            return str(e)
        if provider.device != device.name:
            return f"{provider.name} runs on {provider.device}, and the target's device is {device.name}"
        if variant.precision not in provider.precisions:
            return f"{provider.name}: {provider.why.format(variant.precision)}"
        return provider.missing

    def open(self, job: OpenJob) -> Session:
        """Session on model.onnx."""
        import onnxruntime as ort

        asked = providers.chosen(job.variant, job.device.runtimes["onnxruntime"])
        provider = asked.name
        if provider not in ort.get_available_providers():
            raise Unsupported(
                f"This ONNX Runtime ({ort.__version__}) has no {provider}.",
                providers.swap(asked.distribution),
            )
        file, note = job.file()
        options = ort.SessionOptions()
        options.intra_op_num_threads = job.threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        options.graph_optimization_level = getattr(ort.GraphOptimizationLevel, _level(job.variant))

        def start(options: Any) -> Any:
            told = providers.options(asked, job.variant.precision, job.threads)
            return ort.InferenceSession(str(file), options, providers=[(provider, told)])

        try:
            session = start(options)
        except Exception as e:
            raise WeightsError(f"{file} can't be opened: {e}.") from e
        actual = session.get_providers()
        if actual[0] != provider:
            raise Unsupported(
                f"ONNX Runtime fell back from {provider} to {actual[0]}.",
                "Libraries that it needs are missing: CUDA and cuDNN, TensorRT, or OpenVINO.",
            )
        _check_input(session, note.input, job)
        told = functools.partial(executed, file, options, start)
        return OrtSession(session, note.input, note.outputs, told)


def _level(variant: Variant) -> str:
    return registry.named(
        _LEVELS, "graph optimisation", str(variant.options.get("optimization", "all"))
    )


def _check_input(session: Any, name: str, job: OpenJob) -> None:
    """Refuse a size that the graph doesn't take, before the runtime does in its own words."""
    shape = next(i.shape for i in session.get_inputs() if i.name == name)
    want = (job.batch_size, job.model.pixels.bands, *job.size)
    fits = len(shape) == 4 and all(
        not isinstance(d, int) or d == w for d, w in zip(shape, want, strict=True)
    )
    if not fits:
        raise WeightsError(
            f"The graph's input {name!r} has shape {shape}; the case feeds {list(want)}.",
            "Set height, width and batch_size in the protocol (or the model's [onnx] table).",
        )


class OrtSession(Session):
    """An opened graph."""

    def __init__(
        self, session: Any, name: str, outputs: dict[str, str], executed: Callable[[], str]
    ) -> None:
        self._session = session
        self._input = name
        self._outputs = outputs
        self._executed = functools.cache(executed)

    @property
    def effective(self) -> dict[str, str]:
        """Provider, threads and input of the session; precision of the graph that it optimised."""
        fed = next(i.type for i in self._session.get_inputs() if i.name == self._input)
        told = {
            "precision": self._executed(),
            "input": _INPUTS.get(fed, fed),
            "threads": str(self._session.get_session_options().intra_op_num_threads),
            "provider": self._session.get_providers()[0],
        }
        return {key: value for key, value in told.items() if value}

    def copy_in(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """The array itself: ONNX Runtime copies within its call."""
        return np.ascontiguousarray(x)

    def forward(self, x: NDArray[np.float32]) -> list[NDArray[Any]]:
        """Outputs, in main memory."""
        out: list[NDArray[Any]] = self._session.run(list(self._outputs), {self._input: x})
        return out

    def copy_out(self, raw: list[NDArray[Any]]) -> dict[str, NDArray[np.float32]]:
        """Named outputs, float32 (labels as they are)."""
        named = zip(self._outputs.values(), raw, strict=True)
        return {n: a if n == "labels" else a.astype(np.float32, copy=False) for n, a in named}


def executed(file: Path, options: Any, open_session: Callable[[Any], Any]) -> str:
    """`int8, fp32` ...: precisions of all convolutions and matrix products; empty = unknown.

    `open_session` opens the exported graph again, and writes it optimised where `options` say.
    """
    try:
        import onnx
    except ImportError:
        return ""
    sizes = (p.stat().st_size for p in file.parent.iterdir() if p.is_file())
    if sum(sizes) > LARGEST:
        return ""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "optimised.onnx"
        options.optimized_model_filepath = str(path)
        try:
            open_session(options)
            graph = onnx.load(path, load_external_data=False).graph
        except Exception:  # noqa: BLE001 - the session that runs is another, and works
            return ""
    return ", ".join(sorted(of_graph(graph)))


def of_graph(graph: Any) -> set[str]:
    """Precisions of all convolutions and matrix products of an ONNX graph.

    An optimised graph carries no types between its nodes. A floating-point operator gives what it
    takes, so the type is handed on from inputs, weights and casts.
    """
    types = {i.name: _FLOATS.get(i.type.tensor_type.elem_type, "") for i in graph.input}
    types |= {t.name: _FLOATS.get(t.data_type, "") for t in graph.initializer}
    found = set()
    for node in graph.node:
        known = [types[name] for name in node.input if types.get(name)]
        kind = known[0] if known else ""
        if node.op_type == "Cast":
            kind = _FLOATS.get(next(a.i for a in node.attribute if a.name == "to"), "")
        types |= dict.fromkeys(node.output, kind)
        if node.op_type.startswith(_INT8):
            found.add("int8")
        elif node.op_type in _PRODUCTS and kind:
            found.add(kind)
    return found
