"""PyTorch: the weights themselves in each precision, eager, or a frozen trace (TorchScript)."""

from contextlib import nullcontext
from functools import partial

from bench import registry
from bench.backends.base import Backend, OpenJob, Session
from bench.errors import WeightsError
from bench.exporters.notes import weighed


class TorchBackend(Backend):
    """Eager PyTorch; `autocast = true` keeps float32 weights and casts operator by operator."""

    needs = ("torch", "transformers")
    options = ("autocast",)
    parts = "hooks"
    precisions = ("fp32", "tf32", "fp16", "bf16")
    otherwise = "eager PyTorch has no {} variant of this model; take an exported one"

    def open(self, job: OpenJob) -> Session:
        """Session on the module, moved and cast."""
        import torch

        from bench.backends.torch_session import TorchSession, open_device

        where = open_device(job)
        loader = registry.load("model", job.model.loader)()
        module = loader.build(job.model, allow_code=job.allow_code)
        autocast = bool(job.variant.options.get("autocast"))
        kinds = {"fp16": torch.float16, "bf16": torch.bfloat16}
        dtype = kinds.get(job.variant.precision, torch.float32)
        context = partial(torch.autocast, where.type, dtype) if autocast else nullcontext
        weights = torch.float32 if autocast else dtype
        module = module.to(device=where, dtype=weights)
        session = TorchSession(module, module.output_names, job.device, weights, context)
        stored = loader.file_bytes(job.model)
        session.weights = weighed(module) | ({} if stored is None else {"file_bytes": stored})
        return session


class TorchScriptBackend(Backend):
    """TorchScript, from model.pt."""

    needs = ("torch",)
    otherwise = "no recipe makes TorchScript in {}"

    def open(self, job: OpenJob) -> Session:
        """Session on the trace."""
        import torch

        from bench.backends.torch_session import TorchSession, open_device

        where = open_device(job)
        file, note = job.file()
        try:
            module = torch.jit.load(str(file), map_location=where)  # type: ignore[no-untyped-call]
        except RuntimeError as e:
            raise WeightsError(f"{file} can't be loaded: {e}.") from e
        return TorchSession(module, tuple(note.outputs.values()), job.device, torch.float32)
