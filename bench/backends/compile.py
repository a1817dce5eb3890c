"""torch.compile: the module itself, compiled by inductor when the session is opened."""

from bench.backends.base import Backend, OpenJob, Session
from bench.backends.inductor import lacks_inductor
from bench.devices.base import Device
from bench.errors import BadInput
from bench.models.base import OPTIONS
from bench.suite.variant import Variant

MODES = ("default", "reduce-overhead", "max-autotune")


class CompileBackend(Backend):
    """`torch.compile` for one shape; opening includes the compilation, so no timed call does.

    `mode = "reduce-overhead"` replays CUDA graphs; `max-autotune` also times kernels and takes the fastest.
    `autocast` and the changes of the module are those of eager PyTorch.
    """

    needs = ("torch", "transformers")
    options = ("mode", "autocast", *OPTIONS)
    precisions = ("fp32", "tf32", "fp16", "bf16")
    otherwise = "torch.compile has no {} variant of this model; take a quantized one"

    def refuses(self, variant: Variant, device: Device) -> str:
        """Empty, or why not: the precision, CUDA graphs without a GPU, or no compiler."""
        graphs = variant.options.get("mode") == "reduce-overhead"
        if graphs and device.on_cores:
            return f"CUDA graphs exist on GPUs only, and {device.name} is none"
        return super().refuses(variant, device) or lacks_inductor(device)

    def open(self, job: OpenJob) -> Session:
        """Session on the compiled module."""
        from bench.backends.torch_session import open_module

        mode = str(job.variant.options.get("mode", "default"))
        if mode not in MODES:
            raise BadInput(f"torch.compile has no mode {mode!r}.", f"Known: {', '.join(MODES)}.")
        session = open_module(job)
        session.compile(job, mode)
        return session
