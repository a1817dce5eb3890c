"""Static int8 for ONNX Runtime: QDQ nodes, ranges from calibration images."""

from __future__ import annotations

import logging
import tempfile
from pathlib import Path
from typing import Any

from bench.exporters.base import ExportJob, ExportStep
from bench.exporters.notes import int8_bytes, write_note

OPERATORS = ("MatMul", "Gemm", "Conv")
"""quant_pre_process turns MatMul + Add into Gemm, so Gemm has to be named, too."""


class OrtStaticStep(ExportStep):
    """`onnxruntime.quantization.quantize_static` (options: operators, per_channel, method)."""

    needs = ("onnxruntime", "onnx")
    calibrates = True
    options = ("operators", "per_channel", "method", "moving_average")

    def make(self, job: ExportJob) -> None:
        """Write model.onnx with QDQ nodes."""
        from onnxruntime.quantization import (
            CalibrationDataReader,
            CalibrationMethod,
            QuantFormat,
            QuantType,
            quantize_static,
        )
        from onnxruntime.quantization.shape_inference import quant_pre_process

        source, note = job.before()
        logging.getLogger().setLevel(logging.ERROR)
        feeds = ({note.input: x} for x in job.calibration)

        class _Reader(CalibrationDataReader):  # type: ignore[misc]
            def get_next(self) -> dict[str, Any] | None:
                return next(feeds, None)

        methods = {"minmax": CalibrationMethod.MinMax, "entropy": CalibrationMethod.Entropy}
        with tempfile.TemporaryDirectory(dir=job.out) as scratch:
            prepared = Path(scratch) / "prepared.onnx"
            quant_pre_process(str(source), str(prepared), skip_symbolic_shape=True)
            quantize_static(
                str(prepared),
                str(job.out / "model.onnx"),
                _Reader(),
                quant_format=QuantFormat.QDQ,
                op_types_to_quantize=list(job.options.get("operators", OPERATORS)) or None,
                per_channel=bool(job.options.get("per_channel", True)),
                activation_type=QuantType.QUInt8,
                weight_type=QuantType.QInt8,
                calibrate_method=methods[str(job.options.get("method", "minmax"))],
                # Ranges over a window of images are averaged, which one odd image can't spoil.
                extra_options={"CalibMovingAverage": bool(job.options.get("moving_average"))},
            )
        write_note(job.out, note.quantized("model.onnx", int8_bytes(job.out / "model.onnx")))
