"""Core ML's mlpackage, converted from a trace or from a captured program; written on any system."""

import warnings
from typing import Any

from bench.errors import BadInput
from bench.exporters import ladder
from bench.exporters.base import ExportJob, ExportStep
from bench.exporters.notes import ArtifactNote, note_of, write_note
from bench.models.base import OPTIONS

FILE = "model.mlpackage"


class CoreMlStep(ExportStep):
    """`coremltools.convert` to an ML program that computes in `precision` (fp32, fp16), for iOS 17 or macOS 14 and later."""

    needs = ("coremltools", "torch", "transformers")
    options = (*OPTIONS, "path", "precision")

    def make(self, job: ExportJob) -> None:
        """Write the folder model.mlpackage."""
        import torch

        precision = str(job.options.get("precision", "fp32"))
        if precision not in {"fp32", "fp16"}:
            raise BadInput(f"A Core ML program computes in no {precision!r}.", "fp32 or fp16.")
        x = torch.zeros(job.input_shape)

        def traced() -> tuple[ArtifactNote, Any]:
            module = job.module()
            with torch.no_grad():
                graph = torch.jit.trace(module, (x,), check_trace=False)  # type: ignore[no-untyped-call]
            return _converted(module, graph, precision, job.input_shape)

        def program(made: tuple[Any, Any]) -> tuple[ArtifactNote, Any]:
            module, captured = made
            return _converted(module, captured.run_decompositions({}), precision)

        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore"
            )  # of shapes that a trace fixes, and of untested versions
            paths = {"trace": traced, **ladder.then(ladder.programs(job, x), program)}
            (note, package), rungs = ladder.climb(paths, str(job.options.get("path", "")))
            package.save(str(job.out / FILE))
        write_note(job.out, note.model_copy(update={"rungs": rungs}))


def _converted(
    module: Any, graph: Any, precision: str, shape: tuple[int, ...] = ()
) -> tuple[ArtifactNote, Any]:
    """Note and package; a trace needs the `shape` of its input, a captured program has it."""
    import coremltools as ct

    note = note_of(module, FILE)
    if precision == "fp16":
        note = note.model_copy(update={"weight_bytes": 2 * (note.parameters or 0)})
    kinds = {"fp32": ct.precision.FLOAT32, "fp16": ct.precision.FLOAT16}
    package = ct.convert(
        graph,
        inputs=[ct.TensorType(name=note.input, shape=shape)] if shape else None,
        outputs=[ct.TensorType(name=name) for name in note.outputs],
        convert_to="mlprogram",
        compute_precision=kinds[precision],
        minimum_deployment_target=ct.target.iOS17,
    )
    return note, package
