"""ncnn. Imports no torch."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.backends.base import Backend, OpenJob, Session
from bench.errors import CaseFailed, WeightsError


class NcnnBackend(Backend):
    """`ncnn.Net` on the processor; what it stores between layers is float32, or bfloat16 if asked."""

    needs = ("ncnn",)
    precisions = ("fp32", "bf16")
    otherwise = (
        "ncnn on this processor has no {} recipe: the tools that quantize aren't in its package"
    )

    def open(self, job: OpenJob) -> Session:
        """Session on model.param and model.bin."""
        import ncnn

        file, note = job.file()
        net = ncnn.Net()
        options = net.opt
        options.num_threads = job.threads
        options.use_vulkan_compute = False
        half = ("fp16_packed", "fp16_storage", "fp16_arithmetic", "bf16_packed", "bf16_storage")
        for name in half:
            asked = name.startswith("bf16") and job.variant.precision == "bf16"
            setattr(options, f"use_{name}", asked)
        if net.load_param(str(file)) or net.load_model(str(file.with_suffix(".bin"))):
            raise WeightsError(f"{file} can't be opened by ncnn.", "Export it again.")
        shape = (1, job.model.pixels.bands, *job.size)
        return NcnnSession(ncnn, net, note.input, note.outputs, shape)


class NcnnSession(Session):
    """A loaded net; each call has its own extractor."""

    def __init__(
        self, ncnn: Any, net: Any, name: str, outputs: dict[str, str], shape: tuple[int, ...]
    ) -> None:
        self._ncnn = ncnn
        self._net = net
        self._input = name
        self._outputs = outputs
        self._shape = shape

    @property
    def effective(self) -> dict[str, str]:
        """Threads and input; ncnn doesn't tell in which precision a layer runs."""
        return {"input": "float32", "threads": str(self._net.opt.num_threads)}

    def copy_in(self, x: NDArray[np.float32]) -> Any:
        """Ncnn's matrix with a copy; CaseFailed for another shape, which ncnn answers without an error."""
        if x.shape != self._shape:
            raise CaseFailed(f"ncnn's net takes {list(self._shape)}; it was fed {list(x.shape)}.")
        return self._ncnn.Mat(np.ascontiguousarray(x[0])).clone()

    def forward(self, x: Any) -> list[Any]:
        """Outputs, as ncnn's matrices."""
        run = self._net.create_extractor()
        run.input(self._input, x)
        found = []
        for name in self._outputs:
            code, matrix = run.extract(name)
            if code:
                raise CaseFailed(f"ncnn can't compute {name}: it answered {code}.")
            found.append(matrix)
        return found

    def copy_out(self, raw: list[Any]) -> dict[str, NDArray[np.float32]]:
        """Named outputs, float32, with the batch's dimension, which ncnn doesn't have."""
        named = zip(self._outputs.values(), raw, strict=True)
        return {name: np.array(matrix, np.float32)[None] for name, matrix in named}
