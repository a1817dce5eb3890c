"""OpenVINO: its performance counters, and the layers of the graph as it runs."""

from collections.abc import Callable
from math import prod
from pathlib import Path
from typing import Any

import openvino

from bench.backends.openvino import PRODUCTS, config, precision, text
from bench.exporters.nncf import integer_weights
from bench.jobs.measure import CoverageJob
from bench.measure.coverage.base import CALLS, WARMUP, Operator
from bench.measure.session import LoadedCase
from bench.record.coverage import CONVERSION

Shape = tuple[int, ...]
HOW = "OpenVINO's performance counters"
_CONVERT = {"FakeQuantize", "Convert", "Reorder"}


def operators(job: CoverageJob, loaded: LoadedCase, file: Path, x: Any) -> list[Operator]:
    """Layers of the compiled graph, with nanoseconds of each call."""
    settings = {**config(job.case.variant, job.threads), "PERF_COUNT": "YES"}
    compiled = openvino.Core().compile_model(
        str(file), loaded.device.runtimes["openvino"], settings
    )
    request = compiled.create_infer_request()
    times: dict[str, list[int]] = {}
    for call in range(WARMUP + CALLS):
        request.infer([x])
        for layer in request.get_profiling_info() if call >= WARMUP else ():
            took = round(1e9 * layer.real_time.total_seconds())
            times.setdefault(layer.node_name, []).append(took)
    left = _work(openvino.Core().read_model(file))
    dynamic = int(compiled.get_property("DYNAMIC_QUANTIZATION_GROUP_SIZE")) > 0
    found = []
    for layer in compiled.get_runtime_model().get_ordered_ops():
        about = layer.get_rt_info()
        if "layerType" not in about or text(about["layerType"]) in {"Input", "Output", "Const"}:
            continue
        kind = text(about["layerType"])
        word = CONVERSION if kind in _CONVERT else precision(layer, dynamic=dynamic)
        macs = _executed(kind, layer) if kind in PRODUCTS else 0
        taken = times.get(layer.get_friendly_name(), [])
        found.append(
            Operator(kind, word, macs, tuple(taken) if len(taken) == CALLS else (0,) * CALLS)
        )
    left -= sum(o.macs for o in found)
    if left > 0:
        found.append(Operator("within fused subgraphs", "unknown", left, (0,) * CALLS))
    return found


def integers(file: Path) -> tuple[dict[int, int], int]:
    """Bits -> integer weights of the file, and the number of its other constants' elements."""
    model = openvino.Core().read_model(file)
    rest = 0
    for op in model.get_ops():
        if op.get_type_name() == "Constant" and len(op.get_output_shape(0)) >= 2:
            kind = op.get_output_element_type(0).get_type_name()
            rest += prod(op.get_output_shape(0)) if kind in {"f32", "f16", "bf16"} else 0
    return integer_weights(model), rest


def _executed(kind: str, layer: Any) -> int:
    """MACs of a layer that multiplies, by its shapes; 0 where one is open.

    Names would not do: a layer has that of what was fused into it last.
    """
    shapes = [p.get_partial_shape() for p in (*layer.inputs()[:2], layer.output(0))]
    if len(layer.inputs()) < 2 or any(s.is_dynamic for s in shapes):
        return 0
    a, b, out = map(_fixed, shapes)
    if kind == "ScaledDotProductAttention":
        return (prod(a) + prod(out)) * b[-2]
    if kind in {"FullyConnected", "MatMul"}:
        return prod(out) * (a[-1] if kind == "FullyConnected" or a[-1] in b[-2:] else a[-2])
    if kind == "Deconvolution":
        return prod(a) * prod(b[1:])
    return prod(out) * prod(b[len(b) - len(out) + 1 :])  # weights of groups have one axis more


def _work(model: Any) -> int:
    """MACs of the products in the file, of those whose shapes are fixed."""
    total = 0
    for op in model.get_ops():
        if op.get_type_name() not in _MACS:
            continue
        shapes = [p.get_partial_shape() for p in (*op.inputs()[:2], op.output(0))]
        if not any(s.is_dynamic for s in shapes):
            total += _MACS[op.get_type_name()](op, *map(_fixed, shapes))
    return total


def _fixed(shape: Any) -> Shape:
    return tuple(int(d) for d in shape.to_shape())


def _matmul(op: Any, a: Shape, _: Shape, out: Shape) -> int:
    return prod(out) * a[-2 if op.get_attributes().get("transpose_a") else -1]


_MACS: dict[str, Callable[[Any, Shape, Shape, Shape], int]] = {
    "MatMul": _matmul,
    "Convolution": lambda _, __, w, out: prod(out) * prod(w[1:]),
    "GroupConvolution": lambda _, __, w, out: prod(out) * prod(w[2:]),
    "ConvolutionBackpropData": lambda _, a, w, __: prod(a) * prod(w[1:]),
}
"""Type of an operation -> MACs of (operation, input, weights, output)."""
