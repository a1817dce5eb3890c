"""The model itself, as its loader builds it, in float32 on the processor: what other sessions are compared with."""

import copy
from collections.abc import Iterable, Mapping
from itertools import zip_longest
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench import registry
from bench.jobs.base import SessionJob
from bench.measure.parity import Sums, packed, sums_of, with_map
from bench.models.base import OPTIONS
from bench.record.parity import OutputSums
from bench.transforms.base import Outputs


class TheModel:
    """Answers of the model's own module, each from a fresh copy: what a call leaves behind it can't change the next."""

    def __init__(self, job: SessionJob) -> None:
        import torch

        torch.set_num_threads(job.threads)
        model, variant = job.case.model, job.case.variant
        said = {**variant.options, **(variant.steps[0].options if variant.steps else {})}
        loader = registry.load("model", model.loader)()
        changes = {name: said[name] for name in OPTIONS if name in said}
        self._module = loader.build(model, allow_code=job.allow_code, options=changes)

    def answer(self, x: NDArray[np.float32], *, staged: bool = False) -> dict[str, NDArray[Any]]:
        """Named outputs, float32; with those of the stages where `staged`."""
        import torch

        module, fed = copy.deepcopy(self._module), torch.from_numpy(x)
        if staged:
            from bench.models.stages import Staged

            module = Staged(module, torch.zeros_like(fed))
        with torch.inference_mode():
            out = module(fed)
        return {n: t.numpy() for n, t in zip(module.output_names, out, strict=True)}


def provided(job: SessionJob) -> bool:
    """Whether the model has a torch module."""
    return registry.load("model", job.case.model.loader).provides_torch


def images_of(outputs: Outputs) -> list[dict[str, NDArray[Any]]]:
    """Outputs of each image of a batch, with their combined map."""
    count = len(next(iter(outputs.values())))
    return [with_map({n: a[i : i + 1] for n, a in outputs.items()}) for i in range(count)]


def compared(
    found: Iterable[Mapping[str, NDArray[Any]]], want: Iterable[Mapping[str, NDArray[Any]]]
) -> tuple[dict[str, OutputSums], int, int, int]:
    """Sums of each output, an entry an image; pixels of the maps with the same largest class; all of them.

    Last, images without an answer, or with one of another shape.
    """
    rows: dict[str, list[Sums]] = {}
    equal = total = missing = 0
    none: Mapping[str, NDArray[Any]] = {}
    for mine, theirs in zip_longest(found, want, fillvalue=none):
        for name in theirs.keys() & mine.keys():
            if mine[name].shape != theirs[name].shape:
                continue
            rows.setdefault(name, []).append(sums_of(mine[name], theirs[name]))
        if mine.keys() != theirs.keys() or _shape(mine) != _shape(theirs):
            missing += 1
        elif "map" in theirs:
            same = mine["map"].argmax(0) == theirs["map"].argmax(0)
            equal, total = equal + int(same.sum()), total + int(same.size)
    return {n: packed(rows[n]) for n in sorted(rows)}, equal, total, missing


def _shape(outputs: Mapping[str, NDArray[Any]]) -> tuple[int, ...]:
    """Shape of the combined map."""
    return outputs["map"].shape if "map" in outputs else ()
