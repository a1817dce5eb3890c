"""artifact.json: what later steps and the session must know of an artifact."""

import json
from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import Any, Self

from bench.errors import WeightsError
from bench.record.rung import Rung
from bench.suite.base import Spec

FILE = "artifact.json"


class ArtifactNote(Spec):
    """Names of inputs and outputs, and what the weights are."""

    model: str
    """File to open, relative to the artifact's folder."""
    input: str
    outputs: dict[str, str]
    """Name in the graph -> class_logits, mask_logits, logits, labels or features."""
    parameters: int | None = None
    """Learned numbers; None where the format doesn't tell them from constants."""
    weight_bytes: int | None = None
    """Their bytes as stored."""
    dynamic: tuple[str, ...] = ()
    """Axes of the input that the artifact leaves open: batch, height, width."""
    rungs: tuple[Rung, ...] = ()
    """Paths of the export that the step tried, the one that works last."""

    def quantized(self, model: str, weights: Mapping[int, int]) -> Self:
        """Note of the graph in which so many weights have so many bits: {8: 1000}; the others are float32."""
        known = self.parameters
        small = sum(n * bits for bits, n in weights.items()) // 8
        whole = None if known is None else small + 4 * max(0, known - sum(weights.values()))
        return self.model_copy(update={"model": model, "weight_bytes": whole})


def weighed(module: Any) -> dict[str, int]:
    """`parameters` of a torch module, and their `weight_bytes`."""
    found = list(module.parameters())
    return {
        "parameters": sum(p.numel() for p in found),
        "weight_bytes": sum(p.numel() * p.element_size() for p in found),
    }


def note_of(module: Any, file: str) -> ArtifactNote:
    """Note of a torch module that was exported into a file as it is."""
    outputs = {name: name for name in module.output_names}
    return ArtifactNote(model=file, input="pixel_values", outputs=outputs, **weighed(module))


def int8_weights(path: Path) -> int:
    """Number of 8-bit integers in matrices and kernels among the constants of an ONNX graph."""
    import onnx

    constants = onnx.load(path, load_external_data=False).graph.initializer
    kinds = {onnx.TensorProto.INT8, onnx.TensorProto.UINT8}
    kernels = (t.dims for t in constants if t.data_type in kinds)
    return sum(prod(dims) for dims in kernels if len(dims) >= 2)


def tensor_bytes(path: Path) -> int | None:
    """Bytes of all tensors that a graph's file stores, weights among them; None where the format doesn't tell."""
    if path.suffix == ".xml":
        return path.with_suffix(".bin").stat().st_size
    if path.suffix != ".onnx":
        return None
    import onnx

    graph = onnx.load(path, load_external_data=False).graph
    attributes = (a for node in graph.node if node.op_type == "Constant" for a in node.attribute)
    tensors = (*graph.initializer, *(a.t for a in attributes if a.HasField("t")))
    dtype = onnx.helper.tensor_dtype_to_np_dtype
    return sum(int(prod(t.dims)) * int(dtype(t.data_type).itemsize) for t in tensors)


def write_note(folder: Path, note: ArtifactNote) -> None:
    """Write artifact.json."""
    (folder / FILE).write_text(note.model_dump_json(indent=1) + "\n")


def read_note(folder: Path) -> ArtifactNote:
    """Note of an artifact; WeightsError where the folder holds none."""
    try:
        return ArtifactNote.model_validate(json.loads((folder / FILE).read_text()))
    except (OSError, ValueError) as e:
        raise WeightsError(
            f"{folder} holds no artifact: {e}.", "Delete that folder; it is made again."
        ) from e
