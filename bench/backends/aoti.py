"""AOTInductor: a compiled package, loaded without the model's Python."""

import re
import zipfile
from pathlib import Path

from bench.backends.base import Backend, OpenJob, Session
from bench.devices.base import Device
from bench.errors import WeightsError
from bench.suite.variant import Variant

_CALL = re.compile(r"\baoti_torch_\w+(?=\()")
_INT8 = re.compile(r"qlinear|qconv|_int_mm")
_FLOAT = re.compile(r"addmm|bmm|_mm\b|mm_out|linear|convolution")
"""How the wrapper's C++ calls the kernels that multiply."""
_WORDS = {"fp32": "float32", "fp16": "float16", "bf16": "bfloat16", "int8": "float32"}


class AotiBackend(Backend):
    """`torch._inductor.aoti_load_package` of model.pt2."""

    needs = ("torch",)
    precisions = ("fp32", "bf16", "fp16", "int8")
    otherwise = "no recipe compiles a package in {}"

    def refuses(self, variant: Variant, device: Device) -> str:
        """Empty, or why not: the precision, or the device that the recipe compiles for."""
        made = next((s.options.get("device") for s in variant.steps if s.name == "aoti"), None)
        made = made or "cpu"
        if made != device.name:
            return f"this variant is compiled for {made}, and the target's device is {device.name}"
        return super().refuses(variant, device)

    def open(self, job: OpenJob) -> Session:
        """Session on the package."""
        import torch
        from torch._inductor import aoti_load_package

        from bench.backends.torch_session import TorchSession, open_device

        open_device(job)
        file, note = job.file()
        try:
            compiled = aoti_load_package(str(file))
        except (RuntimeError, OSError) as e:
            raise WeightsError(f"{file} can't be loaded: {str(e).splitlines()[0]}.") from e
        fed = getattr(torch, _WORDS[job.variant.precision])
        ran = executed(file, job.variant.precision)
        return TorchSession(compiled, tuple(note.outputs.values()), job.device, fed, ran=ran)


def executed(file: Path, precision: str) -> tuple[str, ...]:
    """Precisions of the products that the package's C++ calls; empty where it calls none."""
    with zipfile.ZipFile(file) as archive:
        names = [n for n in archive.namelist() if n.endswith("wrapper.cpp")]
        text = "\n".join(archive.read(n).decode(errors="replace") for n in names)
    calls = set(_CALL.findall(text))
    int8 = {call for call in calls if _INT8.search(call)}
    real = {call for call in calls - int8 if _FLOAT.search(call)}
    found = {"int8": int8, "fp32" if precision == "int8" else precision: real}
    return tuple(sorted(kind for kind, there in found.items() if there))
