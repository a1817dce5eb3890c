"""int8 for OpenVINO by NNCF's post-training quantization."""

from __future__ import annotations

from math import prod
from typing import Any

from bench.exporters.base import ExportJob, ExportStep
from bench.exporters.notes import write_note


class NncfStep(ExportStep):
    """`nncf.quantize` (option: model_type); ranges from calibration images."""

    needs = ("openvino", "nncf")
    calibrates = True
    options = ("model_type",)

    def make(self, job: ExportJob) -> None:
        """Write model.xml and model.bin with FakeQuantize and int8 weights."""
        import logging

        import nncf
        import openvino

        source, note = job.before()
        nncf.set_log_level(logging.ERROR)
        model = openvino.convert_model(source)
        inputs = list(job.calibration)
        transformer = job.options.get("model_type", "transformer") == "transformer"
        quantized = nncf.quantize(
            model,
            nncf.Dataset(inputs, lambda x: {note.input: x}),
            subset_size=len(inputs),
            model_type=nncf.ModelType.TRANSFORMER if transformer else None,
        )
        openvino.save_model(quantized, job.out / "model.xml", compress_to_fp16=False)
        write_note(job.out, note.quantized("model.xml", _int8_constants(quantized)))


def _int8_constants(model: Any) -> int:
    """Elements of int8 constants with two or more dimensions."""
    constants = (op for op in model.get_ops() if op.get_type_name() == "Constant")
    int8 = (c for c in constants if c.get_output_element_type(0).get_type_name() in {"i8", "u8"})
    shapes = (c.get_output_shape(0) for c in int8)
    return sum(prod(shape) for shape in shapes if len(shape) >= 2)
