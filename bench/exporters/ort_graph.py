"""Graphs for ONNX Runtime: optimised once and for all, or in float16."""

import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from bench.exporters.base import ExportJob, ExportStep, Memory
from bench.exporters.notes import ArtifactNote, write_note

FILE = "model.onnx"
LARGE = 2**29
"""Bytes of weights from which on they are stored beside the graph: a file of protobuf holds 2 GB."""
SAFE = 2.0**14
"""Largest magnitude that is trusted to float16, which ends at 65504: other images may give four times more."""
FP32_ONLY = ("GridSample", "Resize")
"""Operators without a float16 kernel in some provider."""


class OrtOptimizedStep(ExportStep):
    """The graph as ONNX Runtime optimises it for this machine's processor.

    A session opens it with `optimization = "disabled"`.
    """

    needs = ("onnxruntime", "onnx")
    memory = Memory(0.1, 3.0)

    def make(self, job: ExportJob) -> None:
        """Write model.onnx."""
        source, note = job.before()
        session(source, job, optimized=job.out / FILE, beside=(note.weight_bytes or 0) > LARGE)
        write_note(job.out, note.model_copy(update={"model": FILE}))


class OrtHalfStep(ExportStep):
    """float16 where calibration images show that no number comes near its end; inputs and outputs stay float32."""

    needs = ("onnxruntime", "onnx")
    memory = Memory(0.2, 4.8, 0.8)
    calibrates = True

    def make(self, job: ExportJob) -> None:
        """Write model.onnx."""
        import onnx
        from onnxruntime.transformers import float16

        source, note = job.before()
        logging.getLogger("onnxruntime.transformers.float16").setLevel(logging.ERROR)
        model = onnx.load(source)
        for at, node in enumerate(model.graph.node):
            node.name = node.name or f"node_{at}"
        large = overflowing(model, job, note)
        half = float16.convert_float_to_float16(
            model,
            keep_io_types=True,
            op_block_list=[*float16.DEFAULT_OP_BLOCK_LIST, *FP32_ONLY],
            node_block_list=large,
        )
        _uncast(half.graph)
        beside = (note.weight_bytes or 0) > LARGE
        onnx.save(half, job.out / FILE, save_as_external_data=beside, location=f"{FILE}.data")
        stored = None if note.parameters is None else 2 * note.parameters
        write_note(job.out, note.model_copy(update={"model": FILE, "weight_bytes": stored}))


def _uncast(graph: Any) -> None:
    """Join nodes in float32 that the converter parted by a cast to float16 and back."""
    from onnx import TensorProto

    casts = {n.output[0]: n for n in graph.node if n.op_type == "Cast"}
    to = {name: n.attribute[0].i for name, n in casts.items()}
    kept = {o.name for o in graph.output}
    for name, back in casts.items():
        there = casts.get(back.input[0])
        if there is None or (to[name], to[back.input[0]]) != (
            TensorProto.FLOAT,
            TensorProto.FLOAT16,
        ):
            continue
        for node in graph.node:
            for at, taken in enumerate(node.input):
                if taken == name:
                    node.input[at] = there.input[0]
        if name in kept:
            back.input[0] = there.input[0]
    used = kept | {name for node in graph.node for name in node.input}
    while idle := [n for n in graph.node if n.op_type == "Cast" and n.output[0] not in used]:
        for node in idle:
            graph.node.remove(node)
        used = kept | {name for node in graph.node for name in node.input}


def overflowing(model: Any, job: ExportJob, note: ArtifactNote) -> list[str]:
    """Names of the nodes that take or give a number beyond SAFE on a calibration image.

    The graph runs with the largest magnitude of every float tensor as a further output, so that no
    more than one tensor at a time is kept for it.
    """
    import onnx
    from onnx import helper

    probed = onnx.ModelProto()
    probed.CopyFrom(onnx.shape_inference.infer_shapes(model))
    graph = probed.graph
    floats = {
        v.name for v in graph.value_info if v.type.tensor_type.elem_type == onnx.TensorProto.FLOAT
    }
    made = [name for node in graph.node for name in node.output if name in floats]
    outputs = {name: f"largest/{i}" for i, name in enumerate(made)}
    for name, largest in outputs.items():
        graph.node.extend([
            helper.make_node("Abs", [name], [f"{largest}/abs"]),
            helper.make_node("ReduceMax", [f"{largest}/abs"], [largest], keepdims=0),
        ])
        graph.output.append(helper.make_tensor_value_info(largest, onnx.TensorProto.FLOAT, []))
    file = job.out / "probed.onnx"
    onnx.save(probed, file, save_as_external_data=True, location="probed.data")
    try:
        opened = session(file, job)
        large: set[str] = set()
        for image in job.calibration:
            found = opened.run(list(outputs.values()), {note.input: image})
            large |= {n for n, v in zip(outputs, found, strict=True) if not float(v) <= SAFE}
    finally:
        for left in ("probed.onnx", "probed.data"):
            (job.out / left).unlink(missing_ok=True)
    large |= set(_large_constants(model.graph.initializer))
    return [n.name for n in model.graph.node if large & {*n.input, *n.output}]


def _large_constants(initializers: Iterable[Any]) -> Iterable[str]:
    from onnx import TensorProto, numpy_helper

    for tensor in initializers:
        if tensor.data_type == TensorProto.FLOAT:
            array = np.abs(numpy_helper.to_array(tensor))
            if array.size and not float(array.max()) <= SAFE:
                yield tensor.name


def session(
    file: Path, job: ExportJob, optimized: Path | None = None, *, beside: bool = False
) -> Any:
    """Session on the processor, which writes the graph that it optimised, the weights beside it if asked."""
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = job.threads
    options.log_severity_level = 3
    if optimized is not None:
        options.optimized_model_filepath = str(optimized)
        if beside:
            entry = "session.optimized_model_external_initializers"
            options.add_session_config_entry(f"{entry}_file_name", f"{optimized.name}.data")
            options.add_session_config_entry(f"{entry}_min_size_in_bytes", "1024")
    return ort.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
