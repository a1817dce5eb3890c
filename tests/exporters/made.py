"""Steps run on a tiny graph, without workers."""

from __future__ import annotations

from bench.exporters.base import ExportJob
from bench.exporters.onnx import OnnxStep
from tests import small


def job(of, out, previous=None, **more):
    """Job of a step that writes into `out`."""
    out.mkdir(parents=True)
    return ExportJob(
        model=of, previous=previous, out=out, size=small.SIZE, batch_size=1, threads=1, **more
    )


def adopted(tmp_path, **graph):
    """Model and the folder of its adopted ONNX file."""
    of = small.model(small.conv_graph(tmp_path / "conv.onnx", **graph))
    OnnxStep().make(job(of, tmp_path / "onnx"))
    return of, tmp_path / "onnx"
