"""Image files -> arrays, and arrays -> PNG.

OpenCV decodes and Pillow does not: tests/benchmarks/test_decode.py, 1024 x 2048, one thread of an
AMD EPYC, OpenCV 5.0 against Pillow 13.0: photograph as PNG 28 against 36 ms, as JPEG 8.5 against
11.9 ms, labels 8.1 against 8.4 ms. Only palette PNGs go through Pillow, since OpenCV turns their
indices into colours.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from bench.errors import DatasetError
from bench.resources import open_regular, read_bytes

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

_PNG = b"\x89PNG\r\n\x1a\n"
_GREY, _PALETTE = 0, 3
# Level 1 with run lengths: 9 ms for the three files of a 256 x 512 scene, 225 KB. The default
# strategy at level 1 takes 11 ms and 259 KB, level 6 takes 22 ms and 248 KB.
_FAST_PNG = (cv2.IMWRITE_PNG_COMPRESSION, 1, cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_RLE)


def read_image(path: Path) -> NDArray[np.uint8]:
    """Photograph, uint8 (H, W, 3) RGB, turned upright where its EXIF data say so.

    Raises:
        DatasetError: the file is missing, cut short or no image.
    """
    data = _bytes(path)
    # Older OpenCV fills the missing rest of a JPEG with grey and only warns.
    cut = data[:2] == b"\xff\xd8" and b"\xff\xd9" not in data[-65536:]
    array = None if cut else _decoded(data, cv2.IMREAD_COLOR)
    if array is None:
        raise _corrupt(path)
    image: NDArray[np.uint8] = cv2.cvtColor(array, cv2.COLOR_BGR2RGB, dst=array)
    return image


def read_map(path: Path) -> NDArray[np.uint8] | NDArray[np.uint16]:
    """Numbers of a PNG, uint8 or uint16 (H, W), as they are stored; palette indices too.

    Raises:
        DatasetError: the file is missing, cut short, no PNG, or holds colours instead of numbers.
    """
    data = _bytes(path)
    if data[:8] != _PNG or len(data) < 26:
        raise _corrupt(path)
    bits, kind = data[24], data[25]
    if kind == _PALETTE:
        return _palette_indices(path, data)
    if kind != _GREY or bits < 8:
        raise DatasetError(
            f"{path} holds {'colours' if kind != _GREY else f'{bits}-bit values'}, not one 8-bit"
            " number a pixel.",
            "Store masks as greyscale or palette PNGs whose pixels are class indices.",
        )
    array = _decoded(data, cv2.IMREAD_UNCHANGED)
    if array is None:
        raise _corrupt(path)
    numbers: NDArray[np.uint8] | NDArray[np.uint16] = array
    return numbers


def image_size(path: Path) -> tuple[int, int]:
    """Height and width that a file's header promises; nothing is decoded.

    Raises:
        DatasetError: the file is missing or no image.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        with open_regular(path) as file, Image.open(file) as header:
            width, height = header.size
            turned = header.getexif().get(0x0112, 1) >= 5
    except FileNotFoundError:
        raise DatasetError(f"{path} is missing.") from None
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError):
        raise _corrupt(path) from None
    return (width, height) if turned else (height, width)


def png(array: NDArray[Any]) -> bytes:
    """PNG file of numbers, uint8 or uint16 (H, W), or of a photograph, uint8 (H, W, 3) RGB."""
    if array.ndim == 3:
        array = cv2.cvtColor(array, cv2.COLOR_RGB2BGR)
    _, data = cv2.imencode(".png", array, _FAST_PNG)
    return bytes(data)


def _bytes(path: Path) -> bytes:
    try:
        return read_bytes(path)
    except FileNotFoundError:
        raise DatasetError(f"{path} is missing.", "Unpack or copy the data set again.") from None
    except OSError as error:
        raise DatasetError(f"{path} can't be read: {error.strerror}.") from None


def _decoded(data: bytes, flags: int) -> Any:
    """Array, or None: OpenCV's answer to damage is None, an exception for an empty file."""
    if not data:
        return None
    try:
        return cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error:
        return None


def _palette_indices(path: Path, data: bytes) -> NDArray[np.uint8]:
    from PIL import Image

    try:
        with Image.open(io.BytesIO(data)) as file:
            return np.array(file, np.uint8)
    except (OSError, SyntaxError, ValueError):
        raise _corrupt(path) from None


def _corrupt(path: Path) -> DatasetError:
    return DatasetError(
        f"{path} is corrupt: it can't be decoded.", "Copy or unpack that file again."
    )
