"""Readable names of variants and places."""

from bench.suite.case import Case
from bench.suite.variant import Variant

PROGRAMS = {
    "torch": "PyTorch",
    "torchscript": "TorchScript",
    "onnx": "ONNX",
    "onnxruntime": "ONNX Runtime",
    "openvino": "OpenVINO",
    "mnn": "MNN",
    "compile": "torch.compile",
    "aoti": "AOTInductor",
    "executorch": "ExecuTorch",
    "coreml": "Core ML",
    "pipeline": "transformers pipeline",
}
NATURAL = {"onnxruntime": "onnx", "compile": "torch", "torchao": "torch", "pipeline": "torch"}
"""Backend -> format that its label leaves out; other backends read the format of their name."""


def variant_label(variant: Variant) -> str:
    """`ONNX Runtime int8 static`; the format is said where the backend doesn't tell it."""
    name = PROGRAMS.get(variant.backend, variant.backend)
    words = [name, variant.precision, variant.recipe.replace("-", " ")]
    if variant.format != NATURAL.get(variant.backend, variant.backend):
        words.append(f"(from {PROGRAMS.get(variant.format, variant.format)})")
    return " ".join(w for w in words if w)


def place(case: Case) -> str:
    """`mask2former-micro on cpu, scenes`: what the variants of a table have in common."""
    return with_axis(f"{case.model.name} on {case.target.name}, {case.dataset.name}", case.axis)


def with_axis(where: str, axis: str) -> str:
    """A place, with the case's axis where it has one."""
    return f"{where}, {axis}" if axis else where
