"""TorchScript by tracing: one shape, frozen."""

import warnings

from bench.exporters.base import ExportJob, ExportStep
from bench.exporters.notes import note_of, write_note
from bench.models.base import OPTIONS


class TorchScriptStep(ExportStep):
    """Traces the module in eval mode and freezes the graph."""

    needs = ("torch", "transformers")
    options = OPTIONS

    def make(self, job: ExportJob) -> None:
        """Write model.pt."""
        import torch

        module = job.module()
        x = torch.zeros(job.input_shape)
        with torch.no_grad(), warnings.catch_warnings():
            # Every shape that the tracer bakes in is warned of; one shape is what we measure.
            warnings.simplefilter("ignore")
            traced = torch.jit.trace(module, (x,), check_trace=False)  # type: ignore[no-untyped-call]
            traced.eval()
            frozen = torch.jit.freeze(traced)
        torch.jit.save(frozen, str(job.out / "model.pt"))
        write_note(job.out, note_of(module, "model.pt"))
