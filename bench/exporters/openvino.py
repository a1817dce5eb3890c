"""OpenVINO IR from ONNX or straight from torch, with weights in float32 or float16."""

import warnings
from typing import Any

from bench import registry
from bench.errors import BadInput
from bench.exporters import dynamic, ladder
from bench.exporters.base import ExportJob, ExportStep, Memory
from bench.exporters.notes import ArtifactNote, note_of, write_note
from bench.models.base import OPTIONS


class OpenVinoStep(ExportStep):
    """The IR of the ONNX file of the step before, or, as a recipe's first step, straight from torch.

    Options: weights, `fp32` or `fp16`; and of a first step path, one of the ladder's alone, and dynamic,
    axes of the input that are left open.
    """

    needs = ("openvino", "torch", "transformers")
    memory = Memory(0.9, 2.0, 0.8)
    options = (*OPTIONS, "path", "dynamic", "weights")

    def make(self, job: ExportJob) -> None:
        """Write model.xml and model.bin."""
        import openvino

        if job.previous is None:
            model, note = _from_torch(job)
        elif dynamic.asked(job):
            raise BadInput(
                "The step `openvino` keeps the axes of the ONNX file that it reads.",
                "Give `dynamic` to the step `onnx`.",
            )
        else:
            source, note = job.before()
            # Unlike convert_model, read_model computes nothing that compile_model computes anyway:
            # the file keeps its tables instead of the masks and biases that come from them.
            model = openvino.Core().read_model(source)
        _save(job, model, note)


def _from_torch(job: ExportJob) -> tuple[Any, ArtifactNote]:
    """Model and note of the job's module."""
    import openvino
    import torch

    x = dynamic.example(job)
    quiet = {"example_input": x, "verbose": False}

    def traced() -> tuple[Any, Any]:
        module = job.module()
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = openvino.convert_model(module, input=dynamic.shape(job), **quiet)
        if dynamic.asked(job):
            compiled = openvino.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
            dynamic.check(job, module, lambda other: list(compiled(other.numpy()).values()))
        return module, model

    def translated(made: tuple[Any, Any]) -> tuple[Any, Any]:
        module, program = made
        return module, openvino.convert_model(program, verbose=False)

    captured = ladder.then(ladder.programs(job, x, dynamic.dimensions(job)), translated)
    paths = {"trace": traced, **captured}
    (module, model), rungs = ladder.climb(paths, str(job.options.get("path", "")))
    for name, out in zip(module.output_names, model.outputs, strict=True):
        out.get_tensor().set_names({name})
    update = {"rungs": rungs, "dynamic": dynamic.asked(job)}
    return model, note_of(module, "model.xml").model_copy(update=update)


def _save(job: ExportJob, model: Any, note: ArtifactNote) -> None:
    import openvino

    half = halved(job)
    openvino.save_model(model, job.out / "model.xml", compress_to_fp16=half)
    update: dict[str, Any] = {"model": "model.xml"}
    if half and note.parameters is not None:
        update["weight_bytes"] = 2 * note.parameters
    write_note(job.out, note.model_copy(update=update))


def halved(job: ExportJob) -> bool:
    """Whether the weights are stored in float16; UnknownName for another word."""
    words = {"fp32": False, "fp16": True}
    return registry.named(
        words, "precision of stored weights", str(job.options.get("weights", "fp32"))
    )
