"""Exported programs of torch, as the steps after `export` read them."""

from pathlib import Path
from typing import Any

FILE = "model.pt2"


def read(source: Path) -> Any:
    """`torch.export.ExportedProgram` of a file; the operators of quantized graphs are registered before."""
    import torch
    from torch.ao.quantization.fx import _decomposed  # noqa: F401

    return torch.export.load(source)
