"""`grid_sample` in operators that every format has: floor, gather, multiply and add."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock


@contextmanager
def gathered() -> Iterator[None]:
    """Context in which `torch.nn.functional.grid_sample` is `sample`."""
    from torch.nn import functional

    with mock.patch.object(functional, "grid_sample", sample):
        yield


def sample(
    image: Any,
    grid: Any,
    mode: str = "bilinear",
    padding_mode: str = "zeros",
    align_corners: bool | None = None,
) -> Any:
    """Values of an image, (N, C, h, w), at the points of a grid, (N, H, W, 2) in -1..1: (N, C, H, W).

    As `torch.nn.functional.grid_sample` of two dimensions, bilinear or nearest, beyond the border zeros
    or the border's values.

    Raises:
        ValueError: another mode, padding or number of dimensions is asked for.
    """
    import torch

    asked = (image.dim(), mode, padding_mode)
    if (
        image.dim() != 4
        or mode not in ("bilinear", "nearest")
        or padding_mode not in ("zeros", "border")
    ):
        raise ValueError(f"grid_sample of {asked} has no rewriting to gathers")
    height, width = image.shape[-2:]
    x = _pixels(grid[..., 0], width, align_corners)
    y = _pixels(grid[..., 1], height, align_corners)
    if padding_mode == "border":
        x, y = x.clamp(0, width - 1), y.clamp(0, height - 1)
    flat = image.flatten(2)

    def at(row: Any, column: Any) -> Any:
        """Value at whole positions, 0 outside."""
        inside = (row >= 0) & (row <= height - 1) & (column >= 0) & (column <= width - 1)
        # In whole numbers: bfloat16, which a runtime may compute in, holds them up to 256 only.
        line, place = (
            end.to(torch.int64) for end in (row.clamp(0, height - 1), column.clamp(0, width - 1))
        )
        index = (line * width + place).flatten(1).unsqueeze(1).expand(-1, flat.shape[1], -1)
        found = flat.gather(2, index).unflatten(2, row.shape[1:])
        return found * inside.to(image.dtype).unsqueeze(1)

    if mode == "nearest":
        return at(y.round(), x.round())
    top, left = y.floor(), x.floor()
    down, right = (y - top).unsqueeze(1), (x - left).unsqueeze(1)
    upper = at(top, left) * (1 - right) + at(top, left + 1) * right
    lower = at(top + 1, left) * (1 - right) + at(top + 1, left + 1) * right
    return upper * (1 - down) + lower * down


def _pixels(place: Any, count: int, align_corners: bool | None) -> Any:
    """Position in pixels of one in -1..1."""
    if align_corners:
        return (place + 1) / 2 * (count - 1)
    return ((place + 1) * count - 1) / 2
