"""Core ML: its packages are made anywhere, and run on macOS only, which segbench doesn't measure."""

from bench.backends.base import Backend, OpenJob, Session
from bench.devices.base import Device
from bench.errors import Unsupported

REASON = "Core ML runs on macOS only; segbench export writes its package"


class CoreMlBackend(Backend):
    """No session: a case is skipped with the reason."""

    needs = ("coremltools",)
    precisions = ("fp32", "fp16")

    def supports(self, precision: str, device: Device) -> str:  # noqa: ARG002 - nothing of it runs
        """The reason."""
        return REASON

    def open(self, job: OpenJob) -> Session:
        """Unsupported."""
        raise Unsupported(f"{job.variant.name}: {REASON}.")
