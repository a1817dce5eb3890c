"""int8 for ONNX Runtime: dynamic, or static with QDQ nodes and ranges from calibration images."""

import logging
import tempfile
from pathlib import Path
from typing import Any

from bench.exporters.base import ExportJob, ExportStep
from bench.exporters.notes import int8_bytes, write_note

FILE = "model.onnx"
OPERATORS = ("MatMul", "Gemm", "Conv")
"""quant_pre_process turns MatMul + Add into Gemm, so Gemm has to be named, too."""


class OrtDynamicStep(ExportStep):
    """`quantize_dynamic` on MatMul: weights int8, activations quantized at each call."""

    needs = ("onnxruntime", "onnx")
    options = ("operators", "per_channel")

    def make(self, job: ExportJob) -> None:
        """Write model.onnx with int8 weights."""
        from onnxruntime.quantization import QuantType, quantize_dynamic

        source, note = job.before()
        logging.getLogger().setLevel(logging.ERROR)
        quantize_dynamic(
            source,
            job.out / FILE,
            op_types_to_quantize=list(job.options.get("operators", ["MatMul", "Gemm"])),
            per_channel=bool(job.options.get("per_channel", True)),
            weight_type=QuantType.QInt8,
            use_external_data_format=(source.with_name(source.name + ".data")).exists(),
        )
        write_note(job.out, note.quantized(FILE, int8_bytes(job.out / FILE)))


class OrtStaticStep(ExportStep):
    """`quantize_static`; `method` is minmax or entropy."""

    needs = ("onnxruntime", "onnx")
    calibrates = True
    options = ("operators", "per_channel", "method", "moving_average")

    def make(self, job: ExportJob) -> None:
        """Write model.onnx with QDQ nodes."""
        from onnxruntime import quantization as ort
        from onnxruntime.quantization.shape_inference import quant_pre_process

        source, note = job.before()
        logging.getLogger().setLevel(logging.ERROR)
        feeds = ({note.input: x} for x in job.calibration)

        class _Reader(ort.CalibrationDataReader):  # type: ignore[misc]
            def get_next(self) -> dict[str, Any] | None:
                return next(feeds, None)

        methods = {"minmax": ort.CalibrationMethod.MinMax, "entropy": ort.CalibrationMethod.Entropy}
        with tempfile.TemporaryDirectory(dir=job.out) as scratch:
            prepared = Path(scratch) / "prepared.onnx"
            quant_pre_process(str(source), str(prepared), skip_symbolic_shape=True)
            ort.quantize_static(
                str(prepared),
                str(job.out / FILE),
                _Reader(),
                quant_format=ort.QuantFormat.QDQ,
                op_types_to_quantize=list(job.options.get("operators", OPERATORS)) or None,
                per_channel=bool(job.options.get("per_channel", True)),
                activation_type=ort.QuantType.QUInt8,
                weight_type=ort.QuantType.QInt8,
                calibrate_method=methods[str(job.options.get("method", "minmax"))],
                # Ranges over a window of images are averaged, which one odd image can't spoil.
                extra_options={"CalibMovingAverage": bool(job.options.get("moving_average"))},
            )
        write_note(job.out, note.quantized(FILE, int8_bytes(job.out / FILE)))
