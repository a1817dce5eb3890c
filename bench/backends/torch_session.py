"""The session that eager PyTorch and TorchScript share."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from bench.errors import Unsupported

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bench.backends.base import OpenJob


def open_device(job: OpenJob) -> torch.device:
    """Torch device of the job, with threads and TF32 set as the variant asks.

    Raises:
        Unsupported: this torch was built without CUDA.
    """
    torch.set_num_threads(job.threads)
    if job.device.name != "cuda":
        return torch.device("cpu")
    if not torch.cuda.is_available():
        raise Unsupported(
            f"This PyTorch ({torch.__version__}) can't use the GPU.",
            "Install a CUDA build of torch.",
        )
    # fp32 must mean fp32: TF32 is a precision of its own here.
    tf32 = job.variant.precision == "tf32"
    torch.backends.cuda.matmul.allow_tf32 = tf32
    torch.backends.cudnn.allow_tf32 = tf32
    return torch.device("cuda")


class TorchSession:
    """A module on a device."""

    def __init__(
        self,
        module: Callable[[torch.Tensor], tuple[torch.Tensor, ...]],
        output_names: tuple[str, ...],
        device: torch.device,
        dtype: torch.dtype,
        context: Callable[[], AbstractContextManager[Any]] = nullcontext,
    ) -> None:
        self._module: Any = module
        self.output_names = output_names
        self._device = device
        self._dtype = dtype
        self._context = context
        self.weights: dict[str, int] = {}
        self.effective = {
            "device": str(device),
            "weights": str(dtype).removeprefix("torch."),
            "threads": str(torch.get_num_threads()),
        }

    def copy_in(self, x: NDArray[np.float32]) -> torch.Tensor:
        """Tensor on the device, in the weights' dtype."""
        return torch.from_numpy(x).to(device=self._device, dtype=self._dtype)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Tensors, still on the device."""
        with torch.inference_mode(), self._context():
            out: tuple[torch.Tensor, ...] = self._module(x)
        return out

    def copy_out(self, raw: tuple[torch.Tensor, ...]) -> dict[str, NDArray[np.float32]]:
        """Named outputs, float32."""
        named = zip(self.output_names, raw, strict=True)
        return {name: np.asarray(t.float().cpu().numpy()) for name, t in named}

    def close(self) -> None:
        """Release the module."""
        self._module = None
