"""The user's own modules, each of which some exporter refuses or freezes."""

from __future__ import annotations

import torch
from torch import nn


class Plain(nn.Module):
    """A stem and one block; `kind` is what the block does beside its convolution."""

    def __init__(self, kind: str = "") -> None:
        super().__init__()
        torch.manual_seed(0)
        self.stem = nn.Sequential(nn.Conv2d(3, 3, 1))
        self.blocks = nn.ModuleList([Block(kind)])

    def forward(self, x):
        return self.blocks[0](self.stem(x))


class Block(nn.Module):
    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind, self.first = kind, None
        self.mix = nn.Conv2d(3, 4, 1)

    def forward(self, x):
        y = self.mix(x)
        if self.kind == "branch" and y.mean() > 0:
            return -y
        if self.kind == "cache":
            self.first = y.mean((2, 3), keepdim=True) if self.first is None else self.first
            return y - self.first
        if self.kind == "numpy":
            return y * float(y.detach().numpy().mean())
        if self.kind == "frozen":
            return y + torch.linspace(0, 1, int(y.shape[-1]))
        if self.kind == "grid":
            rows, columns = (torch.linspace(-1.2, 1.1, n) for n in y.shape[-2:])
            grid = torch.stack(torch.meshgrid(rows, columns, indexing="ij")[::-1], -1)
            grid = grid.expand(y.shape[0], -1, -1, -1)
            return nn.functional.grid_sample(y, grid, align_corners=False)
        return y


def plain():
    return Plain()


def branch():
    return Plain("branch")


def cache():
    return Plain("cache")


def frozen():
    return Plain("frozen")


def grid():
    return Plain("grid")


def from_numpy():
    return Plain("numpy")
