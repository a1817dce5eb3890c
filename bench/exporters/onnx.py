"""ONNX: torch's exporter, or the user's own file taken as it is."""

import shutil
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from bench import registry
from bench.errors import WeightsError
from bench.exporters import dynamic, ladder
from bench.exporters.base import ExportJob, ExportStep, Memory
from bench.exporters.compact import compact
from bench.exporters.gather import gathered
from bench.exporters.notes import FILE as NOTE
from bench.exporters.notes import ArtifactNote, note_of, write_note
from bench.models.base import OPTIONS
from bench.models.files import external_data
from bench.suite.model import OnnxInput

FILE = "model.onnx"

OPSET = 20
"""The first with GridSample for the shapes that Mask2Former's pixel decoder needs."""


class OnnxStep(ExportStep):
    """Writes model.onnx, with its weights beside it.

    Options: path, one of the ladder's alone; dynamic, axes of the input that are left open.
    """

    needs = ("torch", "transformers", "onnx", "onnxscript")
    memory = Memory(0.7, 3.4)
    options = (*OPTIONS, "path", "dynamic")

    def make(self, job: ExportJob) -> None:
        """Write model.onnx, and model.onnx.data where the weights are large."""
        if job.model.onnx is not None:
            _adopt(job, job.model.onnx)
            return
        x = dynamic.example(job)

        def traced(*, rewritten: bool = False) -> ArtifactNote:
            module = job.module()
            with gathered() if rewritten else nullcontext():
                return _traced(job, module, x)

        axes = dynamic.asked(job)
        captured = ladder.programs(job, x, dynamic.dimensions(job))
        paths = ladder.then(captured, lambda made: _translated(job, *made))
        if not axes:  # a trace follows one input, and no size but its own
            paths |= {"trace": traced, "trace-gather": lambda: traced(rewritten=True)}
        note, rungs = ladder.climb(paths, str(job.options.get("path", "")))
        write_note(job.out, note.model_copy(update={"rungs": rungs, "dynamic": axes}))


def _translated(job: ExportJob, module: Any, program: Any) -> ArtifactNote:
    """Note of model.onnx, which is written here from a program that torch.export captured."""
    note, names = _named(module)
    with _quiet():
        import torch

        graph: Any = torch.onnx.export(
            program, (), dynamo=True, opset_version=OPSET, optimize=False, verbose=False, **names
        )
    compact(graph.model)
    graph.save(job.out / FILE, external_data=(note.weight_bytes or 0) > 2**29)
    return note


def _traced(job: ExportJob, module: Any, x: Any) -> ArtifactNote:
    """Note of model.onnx, which is written here by the older exporter, from a trace of one input."""
    note, names = _named(module)
    with _quiet():
        import torch

        file = str(job.out / FILE)
        torch.onnx.export(module, (x,), file, dynamo=False, opset_version=OPSET, **names)
    return note


def _named(module: Any) -> tuple[ArtifactNote, dict[str, Any]]:
    note = note_of(module, FILE)
    return note, {"input_names": [note.input], "output_names": list(module.output_names)}


@contextmanager
def _quiet() -> Iterator[None]:
    """Context without gradients and warnings."""
    import torch

    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


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
