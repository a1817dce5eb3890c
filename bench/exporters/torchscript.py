"""TorchScript by tracing: one shape, frozen."""

from __future__ import annotations

import warnings

from bench import registry
from bench.exporters.base import ExportJob, ExportStep
from bench.exporters.notes import ArtifactNote, write_note


class TorchScriptStep(ExportStep):
    """Traces the module in eval mode and freezes the graph."""

    needs = ("torch", "transformers")

    def make(self, job: ExportJob) -> None:
        """Write model.pt."""
        import torch

        torch.set_num_threads(job.threads)
        loader = registry.load("model", job.model.loader)()
        module = loader.build(job.model, allow_code=job.allow_code)
        x = torch.zeros(job.input_shape)
        with torch.no_grad(), warnings.catch_warnings():
            # Every shape that the tracer bakes in is warned of; one shape is what we measure.
            warnings.simplefilter("ignore")
            traced = torch.jit.trace(module, (x,), check_trace=False)  # type: ignore[no-untyped-call]
            traced.eval()
            frozen = torch.jit.freeze(traced)
        torch.jit.save(frozen, str(job.out / "model.pt"))
        parameters = list(module.parameters())
        write_note(
            job.out,
            ArtifactNote(
                model="model.pt",
                input="pixel_values",
                outputs={n: n for n in module.output_names},
                parameters=sum(p.numel() for p in parameters),
                weight_bytes=sum(p.numel() * p.element_size() for p in parameters),
            ),
        )
