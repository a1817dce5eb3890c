"""The .npz of a measurement -> its arrays."""

from __future__ import annotations

import io
import zipfile
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def unpacked(content: bytes) -> dict[str, NDArray[Any]]:
    """Arrays of an .npz."""
    with zipfile.ZipFile(io.BytesIO(content)) as z:
        return {n.removesuffix(".npy"): _array(z.read(n)) for n in z.namelist()}


def _array(content: bytes) -> NDArray[Any]:
    """Array of a .npy, never of objects; np.load would parse the same few headers each time."""
    import numpy as np

    begin = int.from_bytes(content[8:10], "little") + 10
    shape, by_column, dtype = _header(content[:begin])
    flat = np.frombuffer(bytearray(content[begin:]), dtype)
    return flat.reshape(shape[::-1]).T if by_column else flat.reshape(shape)


@lru_cache(maxsize=256)
def _header(content: bytes) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    from numpy.lib import format as npy

    file = io.BytesIO(content)
    if npy.read_magic(file) != (1, 0):
        raise ValueError("an array in another format than ours")
    found: tuple[tuple[int, ...], bool, np.dtype[Any]] = npy.read_array_header_1_0(file)
    if found[2].hasobject:
        raise ValueError("an array of objects, which allow_pickle=False refuses")
    return found
