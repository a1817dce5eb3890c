"""ncnn's two files from ONNX, by pnnx."""

import importlib.util
import shutil
import subprocess
import tempfile
from pathlib import Path

from bench.errors import BadInput, CaseFailed, WeightsError
from bench.exporters.base import ExportJob, ExportStep
from bench.exporters.notes import write_note

FILE = "model.param"
WEIGHTS = "model.bin"
STORED = {"fp32": "fp16=0", "fp16": "fp16=1"}
"""Option `weights` -> argument of pnnx."""


class NcnnStep(ExportStep):
    """pnnx's converter; `weights` (fp32, fp16) says how the file stores them."""

    needs = ("ncnn", "pnnx")
    options = ("weights",)

    def make(self, job: ExportJob) -> None:
        """Write model.param and model.bin."""
        stored = str(job.options.get("weights", "fp32"))
        if stored not in STORED:
            raise BadInput(f"ncnn stores no weights in {stored!r}.", f"{', '.join(STORED)}.")
        if job.batch_size != 1:
            raise BadInput(f"ncnn takes 1 image a call; {job.batch_size} are asked for.")
        source, note = job.before()
        shape = ",".join(map(str, job.input_shape))
        with tempfile.TemporaryDirectory() as scratch:
            # It writes other files beside the one that it reads.
            copy = shutil.copytree(source.parent, Path(scratch) / "of") / source.name
            out = (f"ncnnparam={job.out / FILE}", f"ncnnbin={job.out / WEIGHTS}")
            command = [converter(), str(copy), f"inputshape=[{shape}]", STORED[stored], *out]
            done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=scratch)
        if not (job.out / FILE).exists():
            raise CaseFailed("pnnx wrote no file.", (done.stderr.strip().splitlines() or [""])[-1])
        if strange := unknown(job.out / FILE):
            raise CaseFailed(f"ncnn has no layer for {', '.join(strange)}.")
        outputs = {f"out{i}": kind for i, kind in enumerate(note.outputs.values())}
        told = {"model": FILE, "input": "in0", "outputs": outputs}
        known = note.weight_bytes if stored == "fp32" else None  # small ones stay in float32
        write_note(job.out, note.model_copy(update={**told, "weight_bytes": known}))


def converter() -> str:
    """Path of pnnx's program; importing its package would import torch."""
    spec = importlib.util.find_spec("pnnx")
    if spec is None or spec.origin is None:
        raise WeightsError("pnnx has no program.", "Install it again.")
    return str(Path(spec.origin).parent / "pnnx")


def unknown(file: Path) -> list[str]:
    """Operators of a .param file that pnnx left as they were, since ncnn has no layer: `Tensor.slice`."""
    lines = (line.split() for line in file.read_text().splitlines()[2:])
    return sorted({words[0] for words in lines if words and "." in words[0]})
