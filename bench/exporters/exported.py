"""torch.export: a graph of operators for one shape, which AOTInductor, PT2E and ExecuTorch read."""

from bench.errors import BadInput
from bench.exporters import ladder
from bench.exporters.base import ExportJob, ExportStep
from bench.exporters.notes import note_of, write_note
from bench.exporters.program import FILE
from bench.models.base import OPTIONS

KINDS = ("float32", "float16", "bfloat16")


class ExportedStep(ExportStep):
    """`torch.export.export` (options: dtype of weights and input; path, one of the ladder's alone)."""

    needs = ("torch", "transformers")
    options = ("dtype", "path", *OPTIONS)

    def make(self, job: ExportJob) -> None:
        """Write model.pt2."""
        import torch

        kind = str(job.options.get("dtype", "float32"))
        if kind not in KINDS:
            raise BadInput(f"There is no dtype {kind!r}.", f"Known: {', '.join(KINDS)}.")
        x = torch.zeros(job.input_shape, dtype=getattr(torch, kind))
        asked = str(job.options.get("path", ""))
        (module, program), rungs = ladder.climb(ladder.programs(job, x), asked)
        torch.export.save(program, job.out / FILE)
        write_note(job.out, note_of(module, FILE).model_copy(update={"rungs": rungs}))
