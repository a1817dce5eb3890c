"""TorchScript, from model.pt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.backends.base import Backend, OpenJob
from bench.errors import WeightsError
from bench.exporters.notes import read_note

if TYPE_CHECKING:
    from bench.backends.torch_session import TorchSession
    from bench.devices.base import Device


class TorchScriptBackend(Backend):
    """A frozen trace."""

    needs = ("torch",)

    def supports(self, precision: str, device: Device) -> str:
        """Empty, or why not."""
        made = precision == "fp32"
        return self.beyond(device) or (
            "" if made else f"no recipe makes TorchScript in {precision}"
        )

    def open(self, job: OpenJob) -> TorchSession:
        """Session on the trace."""
        import torch

        from bench.backends.torch_session import TorchSession, open_device

        where = open_device(job)
        if job.artifact is None:
            raise WeightsError("The variant has no recipe, so there is no TorchScript file.")
        note = read_note(job.artifact)
        try:
            module = torch.jit.load(str(job.artifact / note.model), map_location=where)  # type: ignore[no-untyped-call]
        except RuntimeError as e:
            raise WeightsError(f"{job.artifact / note.model} can't be loaded: {e}.") from e
        return TorchSession(module, tuple(note.outputs.values()), job.device, torch.float32)
