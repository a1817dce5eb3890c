"""PyTorch: the weights themselves in each precision, eager, or a frozen trace (TorchScript)."""

from bench.backends.base import Backend, OpenJob, Session
from bench.errors import WeightsError
from bench.models.base import OPTIONS


class TorchBackend(Backend):
    """Eager PyTorch.

    `autocast` keeps float32 weights and casts operator by operator; `contiguous` lets grid_sample read
    contiguous arrays only; `attention`, `queries` and `decoder_layers` change the module.
    """

    needs = ("torch", "transformers")
    options = ("autocast", "contiguous", *OPTIONS)
    parts = "hooks"
    precisions = ("fp32", "tf32", "fp16", "bf16")
    otherwise = "eager PyTorch has no {} variant of this model; take an exported one"

    def open(self, job: OpenJob) -> Session:
        """Session on the module, moved and cast."""
        from bench.backends.torch_session import open_module

        return open_module(job)


class TorchScriptBackend(Backend):
    """TorchScript, from model.pt; `optimize` has torch choose layouts and fuse, which no file can hold."""

    needs = ("torch",)
    options = ("optimize",)
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
        if job.variant.options.get("optimize"):
            module = torch.jit.optimize_for_inference(module)
        return TorchSession(module, tuple(note.outputs.values()), job.device, torch.float32)
