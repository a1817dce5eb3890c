"""In which precisions ONNX Runtime really multiplies: read from the graph that it optimised."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

_FLOATS = {1: "fp32", 10: "fp16", 16: "bf16", 11: "fp64"}
"""TensorProto.DataType of the ONNX specification -> the project's word."""
_PRODUCTS = {"Conv", "ConvTranspose", "FusedConv", "MatMul", "FusedMatMul", "Gemm", "FusedGemm"}
_INT8 = ("QLinearConv", "QLinearMatMul", "QGemm", "QAttention", "ConvInteger", "MatMulInteger",
         "DynamicQuantizeMatMul", "DynamicQuantizeLSTM")  # fmt: skip
LARGEST = 256 * 2**20
"""Bytes of the largest model that is looked into: its optimised graph is written out as a whole."""


def precisions(file: Path, options: Any, open_session: Callable[[Any], Any]) -> str:
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
