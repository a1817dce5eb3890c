"""OpenVINO. Imports no torch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bench.errors import WeightsError
from bench.exporters.notes import read_note

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bench.backends.base import OpenJob

# Left alone, OpenVINO runs an fp32 graph in bf16 where the processor can.
_HINTS = {"fp32": "f32", "int8": "f32", "bf16": "bf16"}


class OpenVinoBackend:
    """`openvino.Core.compile_model`, one stream, latency hint, precision as asked."""

    needs = ("openvino",)
    options: tuple[str, ...] = ()

    def supports(self, precision: str, device: str) -> str:
        """Empty, or why not."""
        if device != "cpu":
            return f"OpenVINO isn't wired to {device} here"
        return "" if precision in _HINTS else f"OpenVINO on the processor has no {precision}"

    def open(self, job: OpenJob) -> OpenVinoSession:
        """Session on model.xml."""
        import openvino

        if job.artifact is None:
            raise WeightsError("The variant has no recipe, so there is no OpenVINO file.")
        note = read_note(job.artifact)
        core = openvino.Core()
        config = {
            "PERFORMANCE_HINT": "LATENCY",
            "NUM_STREAMS": "1",
            "INFERENCE_NUM_THREADS": str(job.threads),
            "INFERENCE_PRECISION_HINT": _HINTS[job.variant.precision],
        }
        try:
            compiled = core.compile_model(str(job.artifact / note.model), "CPU", config)
        except RuntimeError as e:
            raise WeightsError(f"{job.artifact / note.model} can't be compiled: {e}.") from e
        return OpenVinoSession(compiled, note.outputs)


class OpenVinoSession:
    """A compiled model and its one infer request."""

    def __init__(self, compiled: Any, outputs: dict[str, str]) -> None:
        self._compiled = compiled
        self._request = compiled.create_infer_request()
        self._graph_names = list(outputs)
        self.output_names = tuple(outputs.values())
        self.weights: dict[str, int] = {}
        hint = compiled.get_property("INFERENCE_PRECISION_HINT")
        self.effective = {
            "precision": hint.get_type_name() if hasattr(hint, "get_type_name") else str(hint),
            "threads": str(compiled.get_property("INFERENCE_NUM_THREADS")),
            "streams": str(compiled.get_property("NUM_STREAMS")),
        }

    def copy_in(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """The array itself: the request shares its memory."""
        return np.ascontiguousarray(x)

    def forward(self, x: NDArray[np.float32]) -> Any:
        """Outputs, held by the request until its next call."""
        return self._request.infer([x], share_inputs=True, share_outputs=True)

    def copy_out(self, raw: Any) -> dict[str, NDArray[np.float32]]:
        """Named outputs, copied out of the request."""
        out = {}
        for graph_name, name in zip(self._graph_names, self.output_names, strict=True):
            array = np.asarray(raw[graph_name])
            out[name] = array.copy() if name == "labels" else array.astype(np.float32)
        return out

    def close(self) -> None:
        """Release the model."""
        self._request = self._compiled = None
