"""ONNX Runtime: its profiler, and the nodes of the file that each kernel came from."""

from math import prod
from pathlib import Path
from typing import Any

import onnx

from bench.exporters.notes import int8_weights, read_note
from bench.jobs.measure import CoverageJob
from bench.measure.coverage.base import CALLS, WARMUP, Operator
from bench.measure.kernels import recorded
from bench.measure.session import LoadedCase
from bench.models.nodes import fix_input, macs_of, plain, tensors
from bench.record.coverage import CONVERSION

HOW = "ONNX Runtime's profiler"
_CONVERT = {"QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear"}
_INT8 = ("QLinear", "QGemm", "QAttention", "ConvInteger", "MatMulInteger", "DynamicQuantizeMatMul")
"""How the names of operators begin that multiply integers."""
_WORDS = {"float": "fp32", "float16": "fp16", "bfloat16": "bf16", "int8": "int8", "uint8": "int8"}


def operators(job: CoverageJob, loaded: LoadedCase, file: Path, x: Any) -> list[Operator]:
    """Kernels of the optimised graph, with nanoseconds of each call."""
    note = read_note(file.parent)
    provider = loaded.device.runtimes["onnxruntime"]
    with recorded(file, job.threads, provider) as (session, events):
        for _ in range(WARMUP + CALLS):
            session.run(list(note.outputs), {note.input: x})
    return kernels(events, *_work(file, x.shape))


def kernels(
    events: list[dict[str, Any]], work: dict[str, int], made: dict[str, str]
) -> list[Operator]:
    """Operators from the profiler's events of the last calls.

    `work`: name of a node -> its MACs. `made`: output of a node -> its name, which the optimizer may use.
    """
    runs = sorted((e["ts"], e["ts"] + e["dur"]) for e in events if e["name"] == "model_run")[
        -CALLS:
    ]
    times: dict[str, list[int]] = {}
    about: dict[str, dict[str, Any]] = {}
    for e in events:
        if e.get("cat") != "Node" or not e["name"].endswith("_kernel_time"):
            continue
        at = next((i for i, (a, b) in enumerate(runs) if a <= e["ts"] <= b), None)
        if at is not None:
            about[e["name"]] = e["args"]
            times.setdefault(e["name"], [0] * len(runs))[at] += 1000 * e["dur"]  # microseconds
    left, found = dict(work), []
    # A product may have left other nodes of its name behind, a transposition, say.
    products = {name for name, args in about.items() if _product(args["op_name"])}
    for name, args in about.items():
        source = plain(name, {*left, *made}) if name in products else None
        macs = left.pop(made.get(source, source), 0) if source is not None else 0
        word = _precision(args)
        found.append(Operator(args["op_name"], word, macs, tuple(times[name])))
    if any(left.values()):
        found.append(Operator("folded or fused", "unknown", sum(left.values()), (0,) * len(runs)))
    return found


def integers(file: Path) -> tuple[dict[int, int], int]:
    """Bits -> integer weights of the file, and the number of its other constants' elements."""
    constants = onnx.load(file, load_external_data=False).graph.initializer
    rest = sum(
        prod(t.dims)
        for t in constants
        if len(t.dims) >= 2 and t.data_type in {onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16}
    )
    count = int8_weights(file)
    return {8: count} if count else {}, rest


def _precision(args: dict[str, Any]) -> str:
    kind = args["op_name"]
    if kind in _CONVERT:
        return CONVERSION
    if kind.startswith(_INT8):
        return "int8"
    fed = [next(iter(i)) for i in args.get("input_type_shape", []) if i]
    return _WORDS.get(fed[0], fed[0]) if fed else "unknown"


def _product(kind: str) -> bool:
    return any(word in kind for word in ("Conv", "MatMul", "Gemm", "Attention"))


def _work(file: Path, shape: tuple[int, ...]) -> tuple[dict[str, int], dict[str, str]]:
    """MACs by node and nodes by output, of products in the file before it is optimised."""
    model = onnx.load(file, load_external_data=False)
    fix_input(model, shape)
    graph = onnx.shape_inference.infer_shapes(model, data_prop=True).graph
    known = tensors(graph)
    nodes = [n for n in graph.node if _product(n.op_type)]
    work = {n.name or n.output[0]: macs_of(n, known) or 0 for n in nodes}
    return work, {n.output[0]: n.name or n.output[0] for n in nodes}
