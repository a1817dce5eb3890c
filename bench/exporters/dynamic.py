"""Axes of the input that an artifact leaves open: the step option `dynamic`."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench import registry
from bench.exporters.base import ExportJob

AXES = {"batch": 0, "height": 2, "width": 3}
"""Name -> position among the axes of the input, (N, C, H, W)."""
CLOSE = 1e-3
"""Largest relative L2 error of a trace at another size than its own; one that froze a size is far off."""


def asked(job: ExportJob) -> tuple[str, ...]:
    """Open axes by name, in order: `dynamic = true` is all of them; UnknownName for another."""
    told = job.options.get("dynamic", False)
    names = tuple(AXES) if told is True else tuple(told or ())
    for name in names:
        registry.named(AXES, "axis of the input", name)
    return tuple(name for name in AXES if name in names)


def dimensions(job: ExportJob) -> Any:
    """Open axes as torch.export takes them; None where all are fixed.

    Height and width are multiples of the model's, as every input is.
    """
    names = asked(job)
    if not names:
        return None
    from torch.export import Dim

    dims: dict[int, Any] = {}
    for name in names:
        step = _step(job, name)
        # torch.export fixes a length of 1, which a map of one step is after pooling.
        dim = Dim(name, min=1 if name == "batch" else 2, max=65_536 // step)
        dims[AXES[name]] = dim if step == 1 else step * dim
    return (dims,)


def example(job: ExportJob) -> Any:
    """Input to export with, float32; open axes are at least two steps long, since torch.export fixes one of length 1."""
    import torch

    sides = list(job.input_shape)
    for name in asked(job):
        sides[AXES[name]] = max(sides[AXES[name]], 2 * _step(job, name))
    return torch.randn(*sides, generator=torch.Generator().manual_seed(0))


def shape(job: ExportJob) -> list[int]:
    """Shape of the input, -1 for an open axis."""
    open_axes = {AXES[name] for name in asked(job)}
    return [-1 if at in open_axes else side for at, side in enumerate(job.input_shape)]


def check(job: ExportJob, module: Any, run: Callable[[Any], list[NDArray[Any]]]) -> None:
    """Hold a trace against its module at another size along each open axis.

    A trace follows one input: sizes that the model computes with may be frozen in it.

    Raises:
        ValueError: it fails there, or gives something else.
    """
    import torch

    other = list(job.input_shape)
    for name in asked(job):
        other[AXES[name]] += _step(job, name)
    if other == list(job.input_shape):
        return
    x = torch.randn(*other, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        want = [out.numpy() for out in module(x)]
    try:
        found = run(x)
        far = max(map(_distance, found, want))
    except Exception:  # noqa: BLE001 - a runtime's own kind
        raise ValueError(f"the trace holds the size it followed: {other} fails") from None
    if not far <= CLOSE:
        raise ValueError(
            f"the trace holds the size it followed: at {other} its relative error is {far:.2g}"
        )


def _step(job: ExportJob, name: str) -> int:
    return 1 if name == "batch" else job.model.size_multiple


def _distance(found: NDArray[Any], want: NDArray[Any]) -> float:
    return float(np.linalg.norm(found - want) / max(float(np.linalg.norm(want)), 1e-30))
