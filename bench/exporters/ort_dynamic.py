"""Dynamic int8 for ONNX Runtime: weights int8, activations quantized at each call."""

from __future__ import annotations

import logging

from bench.exporters.base import ExportJob, ExportStep
from bench.exporters.graph import write_quantized_note
from bench.exporters.notes import read_note


class OrtDynamicStep(ExportStep):
    """`onnxruntime.quantization.quantize_dynamic` on MatMul (options: operators, per_channel)."""

    needs = ("onnxruntime", "onnx")
    options = ("operators", "per_channel")

    def make(self, job: ExportJob) -> None:
        """Write model.onnx with int8 weights."""
        from onnxruntime.quantization import QuantType, quantize_dynamic

        if job.previous is None:
            raise ValueError("ort-int8-dynamic follows the step onnx")
        logging.getLogger().setLevel(logging.ERROR)
        note = read_note(job.previous)
        source = job.previous / note.model
        quantize_dynamic(
            source,
            job.out / "model.onnx",
            op_types_to_quantize=list(job.options.get("operators", ["MatMul", "Gemm"])),
            per_channel=bool(job.options.get("per_channel", True)),
            weight_type=QuantType.QInt8,
            use_external_data_format=(source.with_name(source.name + ".data")).exists(),
        )
        write_quantized_note(job, note)
