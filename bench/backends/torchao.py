"""torchao: linear layers of the module in int8, their weights alone or with activations at each call."""

from typing import Any

from bench.backends.base import Backend, OpenJob, Session
from bench.backends.inductor import lacks_inductor
from bench.devices.base import Device
from bench.errors import BadInput
from bench.models.base import OPTIONS
from bench.suite.variant import Variant

SCHEMES = ("weights", "dynamic")


class TorchAoBackend(Backend):
    """`torchao.quantization.quantize_` on eager PyTorch; convolutions and attention stay in float32.

    `scheme = "weights"` stores int8 and multiplies in float32, `"dynamic"` multiplies int8 by activations
    quantized row by row. `compile = true` fuses what quantizes, by inductor.
    """

    needs = ("torch", "transformers", "torchao")
    options = ("scheme", "compile", *OPTIONS)
    precisions = ("int8",)
    otherwise = "torchao has no {} variant of this model"

    def refuses(self, variant: Variant, device: Device) -> str:
        """Empty, or why not: the precision, or no compiler where one is needed."""
        compiler = lacks_inductor(device) if variant.options.get("compile") else ""
        return super().refuses(variant, device) or compiler

    def open(self, job: OpenJob) -> Session:
        """Session on the quantized module."""
        from torchao import quantization as ao

        from bench.backends.torch_session import open_module

        scheme = str(job.variant.options.get("scheme", "dynamic"))
        configs: dict[str, Any] = {
            "weights": ao.Int8WeightOnlyConfig,
            "dynamic": ao.Int8DynamicActivationInt8WeightConfig,
        }
        if scheme not in configs:
            raise BadInput(f"torchao has no scheme {scheme!r}.", f"Known: {', '.join(SCHEMES)}.")
        session = open_module(job)
        ao.quantize_(session.module, configs[scheme]())
        session.weights = {**session.weights, "weight_bytes": _bytes(session.module)}
        session.ran = (
            ("fp32", "int8") if scheme == "dynamic" and _quantized(session.module) else ("fp32",)
        )
        if job.variant.options.get("compile"):
            session.compile(job)
        return session


def _quantized(module: Any) -> list[Any]:
    """Weights that are stored in several tensors, int8 among them."""
    return [p for p in module.parameters() if hasattr(p, "__tensor_flatten__")]


def _bytes(module: Any) -> int:
    """Bytes of all weights as they are stored."""
    whole: int = sum(p.nbytes for p in module.parameters())
    for weight in _quantized(module):
        inner = (getattr(weight, name) for name in weight.__tensor_flatten__()[0])
        whole += sum(t.nbytes for t in inner) - weight.nbytes
    return whole
