"""OpenVINO IR from ONNX, float32."""

from __future__ import annotations

from bench.exporters.base import ExportJob, ExportStep
from bench.exporters.notes import ArtifactNote, read_note, write_note


class OpenVinoStep(ExportStep):
    """`openvino.convert_model`, weights kept in float32."""

    needs = ("openvino",)

    def make(self, job: ExportJob) -> None:
        """Write model.xml and model.bin."""
        import openvino

        if job.previous is None:
            raise ValueError("openvino follows the step onnx")
        note = read_note(job.previous)
        model = openvino.convert_model(job.previous / note.model)
        # The default would silently halve the weights.
        openvino.save_model(model, job.out / "model.xml", compress_to_fp16=False)
        write_note(job.out, ArtifactNote(**{**note.model_dump(), "model": "model.xml"}))
