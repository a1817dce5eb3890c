"""int8 for OpenVINO by NNCF's post-training quantization."""

from __future__ import annotations

from bench.exporters.base import ExportJob, ExportStep
from bench.exporters.notes import ArtifactNote, read_note, write_note


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

        if job.previous is None:
            raise ValueError("nncf-int8 follows the step onnx or openvino")
        nncf.set_log_level(logging.ERROR)
        note = read_note(job.previous)
        model = openvino.convert_model(job.previous / note.model)
        inputs = list(job.batches())
        transformer = job.options.get("model_type", "transformer") == "transformer"
        quantized = nncf.quantize(
            model,
            nncf.Dataset(inputs, lambda x: {note.input: x}),
            subset_size=len(inputs),
            model_type=nncf.ModelType.TRANSFORMER if transformer else None,
        )
        openvino.save_model(quantized, job.out / "model.xml", compress_to_fp16=False)
        whole = None
        if note.parameters is not None:
            int8 = _int8_constants(quantized)
            whole = int8 + 4 * max(0, note.parameters - int8)
        write_note(
            job.out,
            ArtifactNote(**{**note.model_dump(), "model": "model.xml", "weight_bytes": whole}),
        )


def _int8_constants(model: object) -> int:
    """Elements of int8 constants with two or more dimensions."""
    total = 0
    for op in model.get_ops():  # type: ignore[attr-defined]
        if op.get_type_name() == "Constant":
            shape = list(op.get_output_shape(0))
            kind = op.get_output_element_type(0).get_type_name()
            if kind in {"i8", "u8"} and len(shape) >= 2:
                count = 1
                for d in shape:
                    count *= d
                total += count
    return total
