"""ONNX: torch's exporter, or the user's own file taken as it is."""

from __future__ import annotations

import shutil
import warnings
from pathlib import Path
from typing import Any

from bench import registry
from bench.errors import WeightsError
from bench.exporters.base import ExportJob, ExportStep
from bench.exporters.notes import FILE, ArtifactNote, write_note
from bench.models.files import external_data

OPSET = 20
"""The first with GridSample for the shapes that Mask2Former's pixel decoder needs."""


class OnnxStep(ExportStep):
    """Writes model.onnx, with its weights beside it."""

    needs = ("torch", "transformers", "onnx", "onnxscript")

    def make(self, job: ExportJob) -> None:
        """Write model.onnx, and model.onnx.data where the weights are large."""
        if job.model.onnx is not None:
            self._adopt(job)
        else:
            self._export(job)

    def _export(self, job: ExportJob) -> None:
        import torch

        torch.set_num_threads(job.threads)
        loader = registry.load("model", job.model.loader)()
        module = loader.build(job.model, allow_code=job.allow_code)
        x = torch.randn(*job.input_shape, generator=torch.Generator().manual_seed(0))
        path = job.out / "model.onnx"
        names = list(module.output_names)
        count = sum(p.numel() for p in module.parameters())
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.onnx.export(
                module,
                (x,),
                path,
                dynamo=True,
                opset_version=OPSET,
                input_names=["pixel_values"],
                output_names=names,
                external_data=count * 4 > 2**30 // 2,
                verbose=False,
            )
        write_note(
            job.out,
            ArtifactNote(
                model=path.name,
                input="pixel_values",
                outputs={n: n for n in names},
                parameters=count,
                weight_bytes=count * 4,
            ),
        )

    def _adopt(self, job: ExportJob) -> None:
        """Copy the user's file and its external data."""
        import onnx

        table = job.model.onnx
        if table is None:  # pragma: no cover - make() asked
            return
        source = Path(job.model.location).expanduser()
        beside = external_data(source)
        graph = onnx.load(source, load_external_data=False).graph
        inputs = {i.name for i in graph.input} - {i.name for i in graph.initializer}
        _known(table.name, inputs, "input", source)
        _known(table.logits, {o.name for o in graph.output}, "output", source)
        for name in beside:
            if name in {"model.onnx", FILE}:
                raise WeightsError(f"{source} keeps its weights in a file called {name!r}.")
            (job.out / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source.parent / name, job.out / name)
        # A copy, not a link: the artifact must stay what it was when the user's file changes.
        shutil.copyfile(source, job.out / "model.onnx")
        kind = next(o for o in graph.output if o.name == table.logits)
        rank = len(kind.type.tensor_type.shape.dim)
        write_note(
            job.out,
            ArtifactNote(
                model="model.onnx",
                input=table.name,
                outputs={table.logits: "labels" if rank == 3 else "logits"},
            ),
        )


def _known(name: str, names: Any, what: str, source: Path) -> None:
    if name not in names:
        raise WeightsError(
            f"{source} has no {what} called {name!r}.", registry.suggest(name, names)
        )
