"""What an ONNX graph's constants are: learned weights, or shapes folded into numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.exporters.notes import ArtifactNote, write_note

if TYPE_CHECKING:
    from pathlib import Path

    from bench.exporters.base import ExportJob


def write_quantized_note(job: ExportJob, before: ArtifactNote) -> None:
    """Note of a quantized graph: the parameters are those of the graph before."""
    stored = int8_bytes(job.out / "model.onnx")
    whole = None
    if before.parameters is not None:
        # What isn't int8 stays float32: learned numbers are either.
        whole = stored + 4 * max(0, before.parameters - stored)
    write_note(
        job.out,
        ArtifactNote(
            model="model.onnx",
            input=before.input,
            outputs=before.outputs,
            parameters=before.parameters,
            weight_bytes=whole,
            extra={"int8_weights": stored},
        ),
    )


def int8_bytes(path: Path) -> int:
    """Bytes of int8 matrices and kernels among the graph's constants."""
    import onnx
    from onnx import TensorProto

    graph = onnx.load(path, load_external_data=False).graph
    total = 0
    for tensor in graph.initializer:
        if tensor.data_type == TensorProto.INT8 and len(tensor.dims) >= 2:
            count = 1
            for d in tensor.dims:
                count *= d
            total += count
    return total
