"""OpenVINO IR from ONNX, float32."""

from __future__ import annotations

from bench.exporters.base import ExportJob, ExportStep
from bench.exporters.notes import write_note


class OpenVinoStep(ExportStep):
    """`openvino.convert_model`, weights kept in float32."""

    needs = ("openvino",)

    def make(self, job: ExportJob) -> None:
        """Write model.xml and model.bin."""
        import openvino

        source, note = job.before()
        model = openvino.convert_model(source)
        # The default would silently halve the weights.
        openvino.save_model(model, job.out / "model.xml", compress_to_fp16=False)
        write_note(job.out, note.model_copy(update={"model": "model.xml"}))
