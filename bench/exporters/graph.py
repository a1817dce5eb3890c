"""What is int8 among an ONNX graph's constants."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def int8_bytes(path: Path) -> int:
    """Bytes of int8 matrices and kernels among the graph's constants."""
    import onnx

    constants = onnx.load(path, load_external_data=False).graph.initializer
    kernels = (t.dims for t in constants if t.data_type == onnx.TensorProto.INT8)
    return sum(prod(dims) for dims in kernels if len(dims) >= 2)
