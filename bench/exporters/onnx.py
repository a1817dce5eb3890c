"""ONNX: torch's exporter, or the user's own file taken as it is."""

import shutil
import warnings
from pathlib import Path
from typing import Any

from bench import registry
from bench.errors import WeightsError
from bench.exporters.base import ExportJob, ExportStep
from bench.exporters.compact import compact
from bench.exporters.notes import FILE as NOTE
from bench.exporters.notes import ArtifactNote, note_of, write_note
from bench.models.base import OPTIONS
from bench.models.files import external_data
from bench.suite.model import OnnxInput

FILE = "model.onnx"

OPSET = 20
"""The first with GridSample for the shapes that Mask2Former's pixel decoder needs."""


class OnnxStep(ExportStep):
    """Writes model.onnx, with its weights beside it."""

    needs = ("torch", "transformers", "onnx", "onnxscript")
    options = OPTIONS

    def make(self, job: ExportJob) -> None:
        """Write model.onnx, and model.onnx.data where the weights are large."""
        if job.model.onnx is not None:
            _adopt(job, job.model.onnx)
            return
        import torch

        module = job.module()
        x = torch.randn(*job.input_shape, generator=torch.Generator().manual_seed(0))
        note = note_of(module, FILE)
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            program: Any = torch.onnx.export(
                module,
                (x,),
                dynamo=True,
                opset_version=OPSET,
                input_names=[note.input],
                output_names=list(module.output_names),
                optimize=False,
                verbose=False,
            )
        compact(program.model)
        program.save(job.out / FILE, external_data=(note.weight_bytes or 0) > 2**29)
        write_note(job.out, note)


def _adopt(job: ExportJob, table: OnnxInput) -> None:
    """Copy the user's file and its external data."""
    import onnx

    source = Path(job.model.location).expanduser()
    beside = external_data(source)
    graph = onnx.load(source, load_external_data=False).graph
    inputs = {i.name for i in graph.input} - {i.name for i in graph.initializer}
    outputs = {o.name: o.type.tensor_type for o in graph.output}
    for what, name, known in (("input", table.name, inputs), ("output", table.logits, outputs)):
        if name not in known:
            raise WeightsError(
                f"{source} has no {what} called {name!r}.", registry.suggest(name, known)
            )
    for name in beside:
        if name in {FILE, NOTE}:
            raise WeightsError(f"{source} keeps its weights in a file called {name!r}.")
        (job.out / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source.parent / name, job.out / name)
    # A copy, not a link: the artifact must stay what it was when the user's file changes.
    shutil.copyfile(source, job.out / FILE)
    kind = "labels" if len(outputs[table.logits].shape.dim) == 3 else "logits"
    write_note(job.out, ArtifactNote(model=FILE, input=table.name, outputs={table.logits: kind}))
