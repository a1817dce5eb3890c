"""ExecuTorch: an exported program lowered to XNNPACK, in a file for its C++ runtime."""

import contextlib
import sys
import warnings

from bench.exporters.base import ExportJob, ExportStep
from bench.exporters.notes import write_note
from bench.exporters.program import read

FILE = "model.pte"


class ExecuTorchStep(ExportStep):
    """`to_edge_transform_and_lower` with XNNPACK's partitioner; what XNNPACK lacks runs in portable kernels."""

    needs = ("torch", "executorch")

    def make(self, job: ExportJob) -> None:
        """Write model.pte."""
        import torch
        from executorch.backends.xnnpack.partition.xnnpack_partitioner import XnnpackPartitioner
        from executorch.exir import to_edge_transform_and_lower

        torch.set_num_threads(job.threads)
        source, note = job.before()
        quiet = contextlib.redirect_stdout(sys.stderr)
        with torch.no_grad(), warnings.catch_warnings(), quiet:
            warnings.simplefilter("ignore")
            lowered = to_edge_transform_and_lower(read(source), partitioner=[XnnpackPartitioner()])
            made = lowered.to_executorch()
        with (job.out / FILE).open("wb") as file:
            made.write_to_file(file)
        write_note(job.out, note.model_copy(update={"model": FILE}))
