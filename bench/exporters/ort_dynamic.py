"""Dynamic int8 for ONNX Runtime: weights int8, activations quantized at each call."""

from __future__ import annotations

import logging

from bench.exporters.base import ExportJob, ExportStep
from bench.exporters.notes import int8_bytes, write_note


class OrtDynamicStep(ExportStep):
    """`onnxruntime.quantization.quantize_dynamic` on MatMul (options: operators, per_channel)."""

    needs = ("onnxruntime", "onnx")
    options = ("operators", "per_channel")

    def make(self, job: ExportJob) -> None:
        """Write model.onnx with int8 weights."""
        from onnxruntime.quantization import QuantType, quantize_dynamic

        source, note = job.before()
        logging.getLogger().setLevel(logging.ERROR)
        quantize_dynamic(
            source,
            job.out / "model.onnx",
            op_types_to_quantize=list(job.options.get("operators", ["MatMul", "Gemm"])),
            per_channel=bool(job.options.get("per_channel", True)),
            weight_type=QuantType.QInt8,
            use_external_data_format=(source.with_name(source.name + ".data")).exists(),
        )
        write_note(job.out, note.quantized("model.onnx", int8_bytes(job.out / "model.onnx")))
