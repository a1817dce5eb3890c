"""Execution providers of ONNX Runtime: on which device each runs, what brings it, and its options."""

import json
from dataclasses import dataclass
from typing import Any

from bench import registry
from bench.suite.variant import Variant


@dataclass(frozen=True)
class Provider:
    """One of ONNX Runtime's execution providers."""

    name: str
    device: str
    """Registered device."""
    distribution: str
    """Which of the distributions that install the module `onnxruntime`."""
    precisions: tuple[str, ...]
    why: str
    """Why it has no other precision."""

    @property
    def missing(self) -> str:
        """Empty, or that its distribution isn't installed, and how to install it."""
        if registry.version(self.distribution) is not None:
            return ""
        return f"{self.distribution} isn't installed: {swap(self.distribution)}"


PROVIDERS = {
    p.name: p
    for p in (
        Provider(
            "CPUExecutionProvider", "cpu", "onnxruntime", ("fp32", "int8"),
            "it has no {} kernels for convolutions and matrix products",
        ),
        Provider(
            "OpenVINOExecutionProvider", "cpu", "onnxruntime-openvino", ("fp32", "bf16", "int8"),
            "it isn't told to compute in {} on the processor",
        ),
        Provider(
            "CUDAExecutionProvider", "cuda", "onnxruntime-gpu", ("fp32", "tf32", "fp16", "int8"),
            "no recipe makes an ONNX file in {}",
        ),
        Provider(
            "TensorrtExecutionProvider", "cuda", "onnxruntime-gpu",
            ("fp32", "tf32", "fp16", "bf16", "int8"), "it has no {}",
        ),
    )
}  # fmt: skip
DISTRIBUTIONS = ("onnxruntime", "onnxruntime-gpu", "onnxruntime-openvino")
"""They install the same module, and overwrite each other's files."""


def swap(distribution: str) -> str:
    """Command that puts a distribution in the place of the others that install `onnxruntime`."""
    others = " ".join(name for name in DISTRIBUTIONS if name != distribution)
    return (
        f"python -m pip uninstall -y {others} {distribution} && "
        f"python -m pip install {distribution}"
    )


def chosen(variant: Variant, default: str) -> Provider:
    """Provider that a variant names, else the device's own; UnknownName for one that isn't wired."""
    name = str(variant.options.get("provider", default))
    return registry.named(PROVIDERS, "execution provider of ONNX Runtime", name)


def options(provider: Provider, precision: str, threads: int) -> dict[str, Any]:
    """Options under which a provider computes in a precision, and in no other without being told."""
    if provider.name == "CUDAExecutionProvider":
        # Left alone, it multiplies float32 in TF32.
        return {"use_tf32": str(int(precision == "tf32"))}
    if provider.name == "TensorrtExecutionProvider":
        return {f"trt_{p}_enable": str(int(p == precision)) for p in ("fp16", "bf16", "int8")}
    if provider.name == "OpenVINOExecutionProvider":
        hints = {
            "INFERENCE_PRECISION_HINT": "bf16" if precision == "bf16" else "f32",
            "INFERENCE_NUM_THREADS": str(threads),
            "NUM_STREAMS": "1",
            "PERFORMANCE_HINT": "LATENCY",
        }
        return {"device_type": "CPU", "load_config": json.dumps({"CPU": hints})}
    return {}
