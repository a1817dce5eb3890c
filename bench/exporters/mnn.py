"""MNN's file from ONNX: float32, or with weights stored in fp16 or int8."""

from bench.errors import BadInput, CaseFailed
from bench.exporters.base import ExportJob, ExportStep
from bench.exporters.notes import write_note

FILE = "model.mnn"
STORED = {"fp32": (), "fp16": ("--fp16",), "int8": ("--weightQuantBits", "8")}
"""Option `weights` -> arguments of MNN's converter."""


class MnnStep(ExportStep):
    """MNN's converter; `weights` says how the file stores those of convolutions and matrix products."""

    needs = ("MNN",)
    options = ("weights",)

    def make(self, job: ExportJob) -> None:
        """Write model.mnn."""
        source, note = job.before()
        stored = str(job.options.get("weights", "fp32"))
        if stored not in STORED:
            raise BadInput(f"MNN stores no weights in {stored!r}.", f"{', '.join(STORED)}.")
        # The extension itself: its wrapper MNN.tools installs a package and sends usage data.
        import _tools

        out = job.out / FILE
        paths = ("--modelFile", str(source), "--MNNModel", str(out))
        words = ("mnnconvert", "-f", "ONNX", *paths, "--bizCode", "segbench", *STORED[stored])
        # Its answer is true in any case, so that only the file tells.
        _tools.mnnconvert(list(words))
        if not out.exists():
            raise CaseFailed("MNN's converter wrote no file.", "Its reason is in the case's log.")
        # It folds and packs weights, and doesn't tell how many bytes of them it stored.
        weight_bytes = note.weight_bytes if stored == "fp32" else None
        write_note(job.out, note.model_copy(update={"model": FILE, "weight_bytes": weight_bytes}))
