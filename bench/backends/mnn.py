"""MNN. Imports no torch."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.backends.base import Backend, OpenJob, Session
from bench.errors import CaseFailed, WeightsError


class MnnBackend(Backend):
    """`MNN.nn.load_module_from_file` on the processor, with precision `high`."""

    needs = ("MNN",)
    otherwise = (
        "MNN computes in fp32 on this processor; fp16 and int8 are ways to store its weights"
    )

    def open(self, job: OpenJob) -> Session:
        """Session on model.mnn."""
        import MNN

        file, note = job.file()
        manager = MNN.nn.create_runtime_manager((
            {
                "backend": job.device.runtimes["MNN"],
                "numThread": job.threads,
                "precision": "high",
            },
        ))
        try:
            module = MNN.nn.load_module_from_file(
                str(file), [note.input], list(note.outputs), runtime_manager=manager
            )
        except (SystemError, RuntimeError) as e:
            raise WeightsError(f"{file} can't be opened by MNN.", "Export it again.") from e
        return MnnSession(MNN.expr, module, tuple(note.outputs.values()))


class MnnSession(Session):
    """A loaded module; MNN has no way to ask what it does."""

    def __init__(self, expr: Any, module: Any, outputs: tuple[str, ...]) -> None:
        self._expr = expr
        self._module = module
        self._outputs = outputs

    @property
    def effective(self) -> dict[str, str]:
        """Type of the input: MNN tells neither threads nor the precision of its kernels."""
        return {"input": "float32"}

    def copy_in(self, x: NDArray[np.float32]) -> Any:
        """A variable of MNN's that holds a copy."""
        given = self._expr.placeholder(list(x.shape), self._expr.NCHW)
        given.write(np.ascontiguousarray(x))
        return given

    def forward(self, x: Any) -> Any:
        """Outputs; CaseFailed where the graph takes no input of this shape."""
        found = self._module.onForward([x])
        if not found:
            raise CaseFailed(f"MNN can't run an input of shape {list(x.shape)}.")
        return found

    def copy_out(self, raw: Any) -> dict[str, NDArray[np.float32]]:
        """Named outputs, float32 (labels as they are), copied out of MNN's memory."""
        out = {}
        for name, variable in zip(self._outputs, raw, strict=True):
            array = self._expr.convert(variable, self._expr.NCHW).read()
            out[name] = array.copy() if name == "labels" else array.astype(np.float32)
        return out
