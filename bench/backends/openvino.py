"""OpenVINO. Imports no torch."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.backends.base import Backend, OpenJob, Session
from bench.devices.base import Device
from bench.devices.machine import flags
from bench.errors import BadInput, WeightsError
from bench.suite.variant import Variant

# Left alone, OpenVINO runs an fp32 graph in bf16 where the processor can.
_HINTS = {"fp32": "f32", "int8": "f32", "bf16": "bf16", "fp16": "f16"}
_MULTIPLIES = {
    "bf16": ("avx512_bf16", "amx_bf16", "bf16"),
    "fp16": ("avx512_fp16", "amx_fp16", "asimdhp"),
}
"""Precision -> features of processors that multiply in it. On others OpenVINO takes another one, fp16's
hint giving bf16, without a word."""
_WORDS = {"f32": "fp32", "f16": "fp16", "bf16": "bf16", "i8": "int8", "u8": "int8"}
_INTEGERS = {"i8", "u8", "i4", "u4"}
_DTYPES = {"f32": "float32", "f16": "float16", "bf16": "bfloat16"}
PRODUCTS = {"Convolution", "GroupConvolution", "Deconvolution", "FullyConnected", "MatMul",
             "ScaledDotProductAttention"}  # fmt: skip
"""Types of layer, in OpenVINO's names, that multiply and accumulate."""


class OpenVinoBackend(Backend):
    """`openvino.Core.compile_model`, one stream, latency hint, precision as asked."""

    needs = ("openvino",)
    options = ("precision_hint",)
    """`default` leaves INFERENCE_PRECISION_HINT to OpenVINO; f32, bf16 or f16 sets it."""
    profile = "openvino"
    precisions = tuple(_HINTS)
    otherwise = "OpenVINO on the processor has no {}"

    def supports(self, precision: str, device: Device) -> str:
        """Empty, or the reason why not."""
        wanted = _MULTIPLIES.get(precision, ())
        no = super().supports(precision, device)
        if no or not wanted or set(wanted) & set(flags()):
            return no
        return f"this processor doesn't multiply in {precision}: it has none of {', '.join(wanted)}"

    def open(self, job: OpenJob) -> Session:
        """Session on model.xml."""
        import openvino

        file, note = job.file()
        core = openvino.Core()
        try:
            compiled = core.compile_model(
                str(file), job.device.runtimes["openvino"], config(job.variant, job.threads)
            )
        except RuntimeError as e:
            raise WeightsError(f"{file} can't be compiled: {e}.") from e
        return OpenVinoSession(compiled, note.outputs)


def config(variant: Variant, threads: int) -> dict[str, str]:
    """Properties that the graph of a variant is compiled with.

    Raises:
        BadInput: there is no such precision_hint.
    """
    found = {
        "PERFORMANCE_HINT": "LATENCY",
        "NUM_STREAMS": "1",
        "INFERENCE_NUM_THREADS": str(threads),
    }
    hint = str(variant.options.get("precision_hint", _HINTS[variant.precision]))
    if hint not in {"default", *_DTYPES}:
        raise BadInput(f"OpenVINO has no precision_hint {hint!r}.", "default, f32, bf16 or f16.")
    if hint != "default":
        found["INFERENCE_PRECISION_HINT"] = hint
    if variant.precision != "int8":
        # Left alone, OpenVINO multiplies integer weights with activations that it quantizes as well.
        found["DYNAMIC_QUANTIZATION_GROUP_SIZE"] = "0"
    return found


class OpenVinoSession(Session):
    """A compiled model and its one infer request."""

    def __init__(self, compiled: Any, outputs: dict[str, str]) -> None:
        self._compiled = compiled
        self._request = compiled.create_infer_request()
        self._outputs = outputs

    @property
    def effective(self) -> dict[str, str]:
        """Properties of the compiled model, and the precisions of its layers as it runs them."""
        ask = self._compiled.get_property
        fed = self._compiled.input(0).element_type.get_type_name()
        told = {
            "precision": ", ".join(sorted(executed(self._compiled))),
            "input": _DTYPES.get(fed, fed),
            "threads": str(ask("INFERENCE_NUM_THREADS")),
            "streams": str(ask("NUM_STREAMS")),
            "device": ",".join(ask("EXECUTION_DEVICES")),
        }
        return {key: value for key, value in told.items() if value}

    def copy_in(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """The array itself: the request shares its memory."""
        return np.ascontiguousarray(x)

    def forward(self, x: NDArray[np.float32]) -> Any:
        """Outputs, held by the request until its next call."""
        return self._request.infer([x], share_inputs=True, share_outputs=True)

    def copy_out(self, raw: Any) -> dict[str, NDArray[np.float32]]:
        """Named outputs, copied out of the request."""
        out = {}
        for graph_name, name in self._outputs.items():
            array = np.asarray(raw[graph_name])
            out[name] = array.copy() if name == "labels" else array.astype(np.float32)
        return out


def executed(compiled: Any) -> set[str]:
    """Precisions in which the convolutions and matrix products of a compiled model run."""
    found = set()
    dynamic = int(compiled.get_property("DYNAMIC_QUANTIZATION_GROUP_SIZE")) > 0
    for operation in compiled.get_runtime_model().get_ops():
        about = operation.get_rt_info()
        if "layerType" in about and text(about["layerType"]) in PRODUCTS:
            found.add(precision(operation, dynamic=dynamic))
    return found


def precision(operation: Any, *, dynamic: bool) -> str:
    """Precision in which a layer of a runtime model computes.

    With integer weights and floating-point inputs `runtimePrecision` is that of the weights: the product
    runs in the inputs' type, unless OpenVINO quantizes them at each call (`dynamic`).
    """
    told = text(operation.get_rt_info()["runtimePrecision"])
    fed = operation.input(0).get_element_type().get_type_name() if operation.inputs() else told
    if told in _INTEGERS and fed not in _INTEGERS:
        return "int8" if dynamic else _WORDS.get(fed, fed)
    return _WORDS.get(told, told)


def text(value: Any) -> str:
    """An entry of rt_info as text: some releases wrap it."""
    return str(value.astype(str) if hasattr(value, "astype") else value)
