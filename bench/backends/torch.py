"""PyTorch, eager: the weights themselves in each precision."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

from bench import registry
from bench.backends.base import Backend, OpenJob

if TYPE_CHECKING:
    from bench.backends.torch_session import TorchSession
    from bench.devices.base import Device


class TorchBackend(Backend):
    """Eager PyTorch; `autocast = true` keeps float32 weights and casts operator by operator."""

    needs = ("torch", "transformers")
    options = ("autocast",)
    parts = "hooks"

    def supports(self, precision: str, device: Device) -> str:
        """Empty, or why not."""
        if precision == "int8":
            return "eager PyTorch has no int8 form of this model; take an exported one"
        return self.beyond(device) or device.lacks(precision)

    def open(self, job: OpenJob) -> TorchSession:
        """Session on the module, moved and cast."""
        import torch

        from bench.backends.torch_session import TorchSession, open_device

        where = open_device(job)
        loader = registry.load("model", job.model.loader)()
        module = loader.build(job.model, allow_code=job.allow_code)
        autocast = bool(job.variant.options.get("autocast"))
        kinds = {"fp16": torch.float16, "bf16": torch.bfloat16}
        dtype = kinds.get(job.variant.precision, torch.float32)
        context: Any = nullcontext
        if autocast:

            def context() -> AbstractContextManager[Any]:
                return torch.autocast(where.type, dtype)

        weights = torch.float32 if autocast else dtype
        module = module.to(device=where, dtype=weights)
        session = TorchSession(module, module.output_names, job.device, weights, context)
        parameters = list(module.parameters())
        session.weights = {
            "parameters": sum(p.numel() for p in parameters),
            "weight_bytes": sum(p.numel() * p.element_size() for p in parameters),
        }
        stored = loader.file_bytes(job.model)
        if stored is not None:
            session.weights["file_bytes"] = stored
        return session
