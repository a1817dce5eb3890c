"""TorchScript by tracing: one shape, frozen."""

import warnings
from typing import Any

from bench.exporters import dynamic, ladder
from bench.exporters.base import ExportJob, ExportStep, Memory
from bench.exporters.gather import gathered
from bench.exporters.notes import ArtifactNote, note_of, write_note
from bench.models.base import OPTIONS


class TorchScriptStep(ExportStep):
    """Traces the module in eval mode and freezes the graph.

    Options: path, one of the ladder's alone; dynamic, axes along which other sizes must give what the module gives.
    """

    needs = ("torch", "transformers")
    memory = Memory(0.5, 1.1, 0.8)
    options = (*OPTIONS, "path", "dynamic")

    def make(self, job: ExportJob) -> None:
        """Write model.pt."""
        import torch

        def rewritten() -> Any:
            with gathered():
                return _traced(job, job.module())

        paths = {
            "trace": lambda: _traced(job, job.module()),
            "eager-attention": lambda: _traced(job, ladder.eager(job.module())),
            "gather": rewritten,
        }
        (frozen, note), rungs = ladder.climb(paths, str(job.options.get("path", "")))
        torch.jit.save(frozen, str(job.out / "model.pt"))
        update = {"rungs": rungs, "dynamic": dynamic.asked(job)}
        write_note(job.out, note.model_copy(update=update))


def _traced(job: ExportJob, module: Any) -> tuple[Any, ArtifactNote]:
    import torch

    x = torch.zeros(job.input_shape)
    with torch.no_grad(), warnings.catch_warnings():
        # Every shape that the tracer bakes in is warned of; one shape is what we measure.
        warnings.simplefilter("ignore")
        traced = torch.jit.trace(module, (x,), check_trace=False)  # type: ignore[no-untyped-call]
        traced.eval()
        frozen = torch.jit.freeze(traced)
        dynamic.check(job, module, lambda other: [out.numpy() for out in frozen(other)])
        return frozen, note_of(module, "model.pt")
