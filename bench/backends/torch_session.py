"""The session that PyTorch's backends share."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from bench import registry
from bench.backends.base import OpenJob, Session
from bench.devices.base import Device
from bench.exporters.notes import weighed
from bench.models.base import OPTIONS

Context = Callable[[], AbstractContextManager[Any]]


def open_device(job: OpenJob) -> torch.device:
    """Torch device of the job, with threads and TF32 set as the variant asks."""
    torch.set_num_threads(job.threads)
    where: torch.device = job.device.torch(tf32=job.variant.precision == "tf32")
    return where


def open_module(job: OpenJob) -> "TorchSession":
    """Session on the model's own module, changed, moved and cast as the variant asks."""
    where, asked = open_device(job), job.variant.options
    loader = registry.load("model", job.model.loader)()
    changes = {name: asked[name] for name in OPTIONS if name in asked}
    module = loader.build(job.model, allow_code=job.allow_code, options=changes)
    kinds = {"fp16": torch.float16, "bf16": torch.bfloat16}
    dtype = kinds.get(job.variant.precision, torch.float32)
    contexts: list[Context] = [contiguous_samples] if asked.get("contiguous") else []
    if asked.get("autocast"):
        contexts.append(partial(torch.autocast, where.type, dtype))
        dtype = torch.float32
    module = module.to(device=where, dtype=dtype)
    session = TorchSession(module, module.output_names, job.device, dtype, _together(contexts))
    stored = loader.file_bytes(job.model)
    session.weights = weighed(module) | ({} if stored is None else {"file_bytes": stored})
    return session


def _together(contexts: list[Context]) -> Context:
    """One context that enters all of them."""

    @contextmanager
    def entered() -> Iterator[None]:
        with ExitStack() as stack:
            for context in contexts:
                stack.enter_context(context())
            yield

    return entered if contexts else nullcontext


@contextmanager
def contiguous_samples() -> Iterator[None]:
    """Context in which `torch.nn.functional.grid_sample` reads contiguous arrays only.

    On the CPU, torch 2.13 reads a half-precision input with strides like (16, 1, 4096, 64) wrongly: at
    batch 1 Mask2Former's deformable attention gives such a one.
    """
    functional: Any = torch.nn.functional
    original = functional.grid_sample

    def grid_sample(x: torch.Tensor, *rest: Any, **more: Any) -> torch.Tensor:
        sampled: torch.Tensor = original(x.contiguous(), *rest, **more)
        return sampled

    functional.grid_sample = grid_sample
    try:
        yield
    finally:
        functional.grid_sample = original


class TorchSession(Session):
    """A module on a device."""

    def __init__(
        self,
        module: Callable[[torch.Tensor], tuple[torch.Tensor, ...]],
        output_names: tuple[str, ...],
        device: Device,
        dtype: torch.dtype,
        context: Context = nullcontext,
        ran: tuple[str, ...] = (),
    ) -> None:
        """`ran` are the precisions of the products of a compiled module, which has no weights to ask."""
        self.module: Any = module
        self._output_names = output_names
        self._own = device
        self._device = torch.device(device.runtimes["torch"])
        self._dtype = dtype
        self._context = context
        self.ran = ran
        self._told: dict[str, str] = {}

    @property
    def effective(self) -> dict[str, str]:
        """Types of weights, input and autocast, threads and device, as torch has them now."""
        stored = [] if self.ran else sorted(_word(d) for d in _dtypes(self.module))
        return {
            "precision": ", ".join(self.ran) or self._executed(stored),
            "input": str(self._dtype).removeprefix("torch."),
            **({"weights": ", ".join(stored)} if stored else {}),
            "threads": str(torch.get_num_threads()),
            "device": self._device.type,
            **self._told,
        }

    def _executed(self, stored: list[str]) -> str:
        """Precisions of matrix products: what autocast casts to, else what the weights have."""
        kind = self._device.type
        with self._context():
            if torch.is_autocast_enabled(kind):
                return _word(torch.get_autocast_dtype(kind))
        executed = {w for s in stored or [_word(self._dtype)] for w in self._own.multiplied(s)}
        return ", ".join(sorted(executed))

    def compile(self, job: OpenJob, mode: str = "default") -> None:
        """Compile the module by inductor, now, for the job's one shape."""
        from torch._dynamo.utils import counters

        self.module = torch.compile(self.module, dynamic=False, mode=mode)
        x = np.zeros((job.batch_size, job.model.pixels.bands, *job.size), np.float32)
        self.forward(self.copy_in(x))
        self._own.synchronize()
        found = counters["inductor"]["fxgraph_cache_hit"] > 0
        self._told["compiled"] = "read from inductor's cache" if found else "when it was opened"

    def copy_in(self, x: NDArray[np.float32]) -> torch.Tensor:
        """Tensor on the device, in the weights' dtype."""
        return torch.from_numpy(x).to(device=self._device, dtype=self._dtype)

    def fed(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """The input in the weights' dtype and back, float32."""
        return np.asarray(self.copy_in(x).float().cpu().numpy())

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Tensors, still on the device."""
        with torch.inference_mode(), self._context():
            out: tuple[torch.Tensor, ...] = self.module(x)
        return out

    def copy_out(self, raw: tuple[torch.Tensor, ...]) -> dict[str, NDArray[np.float32]]:
        """Named outputs, float32."""
        named = zip(self._output_names, raw, strict=True)
        return {name: np.asarray(t.float().cpu().numpy()) for name, t in named}


_WORDS = {torch.float32: "fp32", torch.float16: "fp16", torch.bfloat16: "bf16"}


def _word(dtype: torch.dtype) -> str:
    return _WORDS.get(dtype, str(dtype).removeprefix("torch."))


def _dtypes(module: Any) -> set[torch.dtype]:
    """Floating-point dtypes of a module's weights; a frozen trace holds them as constants."""
    found = {p.dtype for p in module.parameters() if p.dtype.is_floating_point}
    if not found and isinstance(module, torch.jit.ScriptModule):
        graph: Any = module.inlined_graph
        constants = (n.output() for n in graph.findAllNodes("prim::Constant"))
        tensors = [c.toIValue() for c in constants if c.type().kind() == "TensorType"]
        # Weights, not the odd scalar.
        found = {
            t.dtype for t in tensors if t is not None and t.dtype.is_floating_point and t.dim()
        }
    return found
