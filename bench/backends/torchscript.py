"""TorchScript, from model.pt."""

from __future__ import annotations

from bench.backends.base import Backend, OpenJob, Session
from bench.errors import WeightsError


class TorchScriptBackend(Backend):
    """A frozen trace."""

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
