"""The same count for an ONNX file, from its graph and the shapes that ONNX infers."""

import ast
from collections import Counter
from collections.abc import Callable
from math import prod
from pathlib import Path
from typing import Any

from bench.exporters.compact import CLASSES, PART, SCOPES
from bench.models.parts import OTHER, part_of_scopes
from bench.record.work import PartWork, WorkMeasurement

Shape = tuple[int, ...]


def _conv(weight: int) -> Callable[[Any, list[Shape], Shape], int]:
    """Each output meets one filter: channels of a group x taps."""
    return lambda _, inputs, out: prod(out) * prod(inputs[weight][1:])


def _matmul(_: Any, inputs: list[Shape], out: Shape) -> int:
    """(..., n, k) x (..., k, m), batches broadcast: every output is a sum of k products."""
    return prod(out) * inputs[0][-1]


def _gemm(node: Any, inputs: list[Shape], out: Shape) -> int:
    transposed = any(a.name == "transA" and a.i for a in node.attribute)
    return prod(out) * inputs[0][0 if transposed else -1]


def _einsum(node: Any, inputs: list[Shape], _: Shape) -> int:
    """One MAC for every combination of all indices."""
    equation = next(a.s.decode() for a in node.attribute if a.name == "equation").replace(" ", "")
    names = equation.partition("->")[0].split(",")
    length = {
        n: d
        for name, shape in zip(names, inputs, strict=True)
        for n, d in zip(name, shape, strict=True)
    }
    return prod(length.values())


def _grid(node: Any, _: list[Shape], out: Shape) -> int:
    """Taps of the mode; the default is linear."""
    mode = next((a.s.decode() for a in node.attribute if a.name == "mode"), "linear")
    flat = len(out) - 2
    taps: int = {"nearest": 0, "cubic": 4**flat, "bicubic": 4**flat}.get(mode, 2**flat)
    return taps * prod(out)


def _resize(node: Any, inputs: list[Shape], out: Shape) -> int:
    """The same for the axes that change; nearest is the default."""
    mode = next((a.s.decode() for a in node.attribute if a.name == "mode"), "nearest")
    changed = sum(a != b for a, b in zip(inputs[0], out, strict=True))
    taps: int = {"linear": 2**changed, "cubic": 4**changed}.get(mode, 0)
    return taps * prod(out) if changed else 0


MACS: dict[str, Callable[[Any, list[Shape], Shape], int]] = {
    "Conv": _conv(1),
    "ConvInteger": _conv(1),
    "QLinearConv": _conv(3),
    "ConvTranspose": lambda _, inputs, __: prod(inputs[0]) * prod(inputs[1][1:]),
    "MatMul": _matmul,
    "MatMulInteger": _matmul,
    "QLinearMatMul": _matmul,
    "Gemm": _gemm,
    "Einsum": _einsum,
    "GridSample": _grid,
    "Resize": _resize,
}
"""Operator -> MACs of (node, shapes of inputs, shape of the output)."""
UNKNOWN = {"LSTM", "GRU", "RNN", "Attention", "DeformConv", "If", "Loop", "Scan", "DFT", "STFT"}
"""Operators that contract, or may hold some that do, and have no rule here."""
UNMOVED = {"Reshape", "Squeeze", "Unsqueeze", "Flatten", "Identity", "Shape", "Size", "Constant"}


def count(path: Path, batch_size: int, size: tuple[int, int], bands: int = 3) -> WorkMeasurement:
    """Work of one call of an ONNX file at an input size, by part where torch's exporter wrote it."""
    import onnx

    fields = {"batch_size": batch_size, "height": size[0], "width": size[1]}
    model = onnx.load(path, load_external_data=False)
    _fix_input(model, (batch_size, bands, *size))
    try:
        model = onnx.shape_inference.infer_shapes(model, data_prop=True)
    except Exception as e:  # noqa: BLE001 - a file of any make; the reason goes into the record
        return WorkMeasurement(**fields, absent=f"ONNX can't infer the graph's shapes: {e}")
    graph = model.graph
    tensors = _tensors(graph)
    uncounted: Counter[str] = Counter()
    tally: dict[str, Counter[str]] = {}
    for node in graph.node:
        mine = tally.setdefault(part_of(node) or OTHER, Counter())
        if node.op_type in UNKNOWN or node.domain not in {"", "ai.onnx"}:
            uncounted[node.op_type] += 1
        elif node.op_type in MACS:
            known = [tensors.get(n) for n in (*(i for i in node.input if i), node.output[0])]
            # Of a Resize only the region and the scales may be absent.
            needed = [known[0], known[-1]] if node.op_type == "Resize" else known
            if None in needed:
                reason = f"the shapes at {node.op_type} {node.name!r} can't be inferred"
                return WorkMeasurement(**fields, absent=reason)
            shapes = [t[0] for t in known if t]
            mine["macs"] += MACS[node.op_type](node, shapes[:-1], shapes[-1])
        if node.op_type not in UNMOVED:
            mine["moved"] += sum(
                _bytes(tensors[n]) for n in {*node.input, *node.output} if n in tensors
            )
    _add_weights(graph, tally)
    return WorkMeasurement(
        **fields, parts=as_parts(tally), uncounted=dict(sorted(uncounted.items()))
    )


def as_parts(tally: dict[str, Counter[str]]) -> tuple[PartWork, ...]:
    """Parts of a tally by part (parameters, buffers, `dtype NAME`, macs, moved), `other` last."""
    return tuple(
        PartWork(
            name=name,
            parameters=mine["parameters"],
            buffers=mine["buffers"],
            bytes_by_dtype={k[6:]: v for k, v in sorted(mine.items()) if k.startswith("dtype ")},
            macs=mine["macs"],
            bytes_moved=mine["moved"],
        )
        for name, mine in sorted(tally.items(), key=lambda p: p[0] == OTHER)
    )


def part_of(node: Any) -> str | None:
    """Part of a node; None where its file doesn't tell the modules that it came from."""
    found: dict[str, str] = {
        p.key: p.value for p in node.metadata_props if p.key in {PART, SCOPES, CLASSES}
    }
    if PART in found:
        return found[PART]
    if len(found) < 2:
        return None
    return part_of_scopes(ast.literal_eval(found[SCOPES]), ast.literal_eval(found[CLASSES]))


def _fix_input(model: Any, shape: Shape) -> None:
    """Give the picture's input its size: inference needs numbers."""
    weights = {i.name for i in model.graph.initializer}
    picture = next(i for i in model.graph.input if i.name not in weights)
    for dim, value in zip(picture.type.tensor_type.shape.dim, shape, strict=False):
        dim.dim_value = value


def _tensors(graph: Any) -> dict[str, tuple[Shape, int]]:
    """Name -> shape and bytes an element, of every tensor whose shape is known."""
    from onnx import helper

    found = {
        t.name: (tuple(t.dims), helper.tensor_dtype_to_np_dtype(t.data_type).itemsize)
        for t in graph.initializer
    }
    for info in (*graph.input, *graph.output, *graph.value_info):
        kind = info.type.tensor_type
        dims = [d.dim_value if d.HasField("dim_value") else -1 for d in kind.shape.dim]
        if kind.HasField("shape") and min(dims, default=0) >= 0:
            width = helper.tensor_dtype_to_np_dtype(kind.elem_type).itemsize
            found.setdefault(info.name, (tuple(dims), width))
    return found


def _bytes(tensor: tuple[Shape, int]) -> int:
    return prod(tensor[0]) * tensor[1]


def _add_weights(graph: Any, tally: dict[str, Counter[str]]) -> None:
    """Add floating-point initializers as parameters to the part that uses them first; integers aren't counted."""
    from onnx import helper

    users: dict[str, str] = {}
    for node in graph.node:
        for name in node.input:
            users.setdefault(name, part_of(node) or OTHER)
    for t in graph.initializer:
        dtype = helper.tensor_dtype_to_np_dtype(t.data_type)
        mine = tally.setdefault(users.get(t.name, OTHER), Counter())
        if (
            dtype.kind == "f"
            or dtype.name == "bfloat16"
            or (dtype.name == "int8" and len(t.dims) > 1)
        ):
            mine["parameters"] += prod(t.dims)
        mine[f"dtype {dtype.name}"] += prod(t.dims) * dtype.itemsize
