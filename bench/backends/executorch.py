"""ExecuTorch's runtime, with XNNPACK on the processor."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.backends.base import Backend, OpenJob, Session
from bench.errors import WeightsError


class ExecuTorchBackend(Backend):
    """`executorch.runtime`, its thread pool set to the target's threads."""

    needs = ("executorch",)
    precisions = ("fp32", "int8")
    otherwise = "no recipe lowers to XNNPACK in {}"

    def open(self, job: OpenJob) -> Session:
        """Session on model.pte."""
        from executorch.extension.pybindings import portable_lib
        from executorch.runtime import Runtime

        file, note = job.file()
        portable_lib._unsafe_reset_threadpool(job.threads)  # noqa: SLF001 - there is no other way
        try:
            # The method reads the program's memory, so both are kept.
            program = Runtime.get().load_program(file)
            method = program.load_method("forward")
        except RuntimeError as e:
            raise WeightsError(f"{file} can't be loaded: {str(e).splitlines()[0]}.") from e
        threads = portable_lib._threadpool_get_thread_count()  # noqa: SLF001
        return ExecuTorchSession((program, method), tuple(note.outputs.values()), threads)


class ExecuTorchSession(Session):
    """A loaded method."""

    def __init__(
        self, loaded: tuple[Any, Any], output_names: tuple[str, ...], threads: int
    ) -> None:
        """`loaded` is a program and its method."""
        self._program, self._method = loaded
        self._output_names = output_names
        self._threads = threads

    @property
    def effective(self) -> dict[str, str]:
        """Threads and input; XNNPACK doesn't tell the precision of its operators."""
        return {"input": "float32", "threads": str(self._threads), "device": "cpu"}

    def copy_in(self, x: NDArray[np.float32]) -> Any:
        """Tensor that shares the array's memory."""
        import torch

        return torch.from_numpy(np.ascontiguousarray(x))

    def forward(self, x: Any) -> Any:
        """Tensors, held by the method until its next call."""
        return self._method.execute([x])

    def copy_out(self, raw: Any) -> dict[str, NDArray[np.float32]]:
        """Named outputs, float32, copied out of the method."""
        named = zip(self._output_names, raw, strict=True)
        return {name: np.array(t.numpy(), np.float32) for name, t in named}
