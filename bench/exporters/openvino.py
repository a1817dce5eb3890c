"""OpenVINO IR from ONNX: float32, or int8 by NNCF's post-training quantization."""

import logging
from math import prod
from typing import Any

from bench.exporters.base import ExportJob, ExportStep
from bench.exporters.notes import ArtifactNote, write_note


class OpenVinoStep(ExportStep):
    """`openvino.convert_model`, weights kept in float32."""

    needs = ("openvino",)

    def make(self, job: ExportJob) -> None:
        """Write model.xml and model.bin."""
        import openvino

        source, note = job.before()
        _save(job, openvino.convert_model(source), note)


class NncfStep(ExportStep):
    """`nncf.quantize` (option: model_type); ranges from calibration images."""

    needs = ("openvino", "nncf")
    calibrates = True
    options = ("model_type",)

    def make(self, job: ExportJob) -> None:
        """Write model.xml and model.bin with FakeQuantize and int8 weights."""
        import nncf
        import openvino

        source, note = job.before()
        nncf.set_log_level(logging.ERROR)
        inputs = list(job.calibration)
        transformer = job.options.get("model_type", "transformer") == "transformer"
        quantized = nncf.quantize(
            openvino.convert_model(source),
            nncf.Dataset(inputs, lambda x: {note.input: x}),
            subset_size=len(inputs),
            model_type=nncf.ModelType.TRANSFORMER if transformer else None,
        )
        _save(job, quantized, note.quantized("model.xml", _int8_constants(quantized)))


def _save(job: ExportJob, model: Any, note: ArtifactNote) -> None:
    import openvino

    # The default would silently halve the weights.
    openvino.save_model(model, job.out / "model.xml", compress_to_fp16=False)
    write_note(job.out, note.model_copy(update={"model": "model.xml"}))


def _int8_constants(model: Any) -> int:
    constants = (op for op in model.get_ops() if op.get_type_name() == "Constant")
    int8 = (c for c in constants if c.get_output_element_type(0).get_type_name() in {"i8", "u8"})
    shapes = (c.get_output_shape(0) for c in int8)
    return sum(prod(shape) for shape in shapes if len(shape) >= 2)
