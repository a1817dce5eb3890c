"""The same count for an ONNX file, from its graph and the shapes that ONNX infers."""

from collections import Counter
from collections.abc import Callable
from math import prod
from pathlib import Path
from typing import Any

from bench.models.nodes import fix_input, macs_of, part_of
from bench.models.nodes import tensors as shapes_of
from bench.models.parts import OTHER
from bench.record.work import PartWork, WorkMeasurement

UNKNOWN = {"LSTM", "GRU", "RNN", "Attention", "DeformConv", "If", "Loop", "Scan", "DFT", "STFT"}
"""Operators that contract, or may hold some that do, and have no rule here."""
UNMOVED = {"Reshape", "Squeeze", "Unsqueeze", "Flatten", "Identity", "Shape", "Size", "Constant"}


def count(
    path: Path,
    batch_size: int,
    size: tuple[int, int],
    bands: int = 3,
    name: Callable[[Any], str | None] = part_of,
) -> WorkMeasurement:
    """Work of one call of an ONNX file at an input size, by part where torch's exporter wrote it.

    `name` names the part of a node.
    """
    import onnx

    fields = {"batch_size": batch_size, "height": size[0], "width": size[1]}
    model = onnx.load(path, load_external_data=False)
    fix_input(model, (batch_size, bands, *size))
    try:
        model = onnx.shape_inference.infer_shapes(model, data_prop=True)
    except Exception as e:  # noqa: BLE001 - a file of any make; the reason goes into the record
        return WorkMeasurement(**fields, absent=f"ONNX can't infer the graph's shapes: {e}")
    graph = model.graph
    tensors = shapes_of(graph)
    uncounted: Counter[str] = Counter()
    tally: dict[str, Counter[str]] = {}
    for node in graph.node:
        mine = tally.setdefault(name(node) or OTHER, Counter())
        macs = macs_of(node, tensors)
        if node.op_type in UNKNOWN or node.domain not in {"", "ai.onnx"}:
            uncounted[node.op_type] += 1
        elif macs is None:
            reason = f"the shapes at {node.op_type} {node.name!r} can't be inferred"
            return WorkMeasurement(**fields, absent=reason)
        else:
            mine["macs"] += macs
        if node.op_type not in UNMOVED:
            mine["moved"] += sum(
                _bytes(tensors[n]) for n in {*node.input, *node.output} if n in tensors
            )
    _add_weights(graph, tally, name)
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


def _bytes(tensor: tuple[tuple[int, ...], int]) -> int:
    return prod(tensor[0]) * tensor[1]


def _add_weights(
    graph: Any, tally: dict[str, Counter[str]], of: Callable[[Any], str | None]
) -> None:
    """Add floating-point initializers as parameters to the part that uses them first; integers aren't counted."""
    from onnx import helper

    users: dict[str, str] = {}
    for node in graph.node:
        for name in node.input:
            users.setdefault(name, of(node) or OTHER)
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
