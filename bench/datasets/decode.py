"""Image files -> arrays, and arrays -> PNG.

OpenCV decodes and Pillow does not: tests/benchmarks/test_decode.py, 1024 x 2048, one thread of an
AMD EPYC, OpenCV 5.0 against Pillow 13.0: photograph as PNG 28 against 36 ms, as JPEG 8.5 against
11.9 ms, labels 8.1 against 8.4 ms. Only palette PNGs go through Pillow, since OpenCV turns their
indices into colours.
"""

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import cv2
import numpy as np
from numpy.typing import NDArray

from bench.errors import DatasetError
from bench.resources import open_regular

_PNG = b"\x89PNG\r\n\x1a\n"
UNKNOWN = 254
"""Mark in a table of class indices for a value that means nothing; there are fewer classes."""
_GREY, _PALETTE = 0, 3
# Level 1 with run lengths: 9 ms for the three files of a 256 x 512 scene, 225 KB. The default
# strategy at level 1 takes 11 ms and 259 KB, level 6 takes 22 ms and 248 KB.
_FAST_PNG = (cv2.IMWRITE_PNG_COMPRESSION, 1, cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_RLE)


def read_image(path: Path) -> NDArray[np.uint8]:
    """Photograph, uint8 (H, W, 3) RGB, turned upright where its EXIF data say so.

    Raises:
        DatasetError: the file is missing, cut short, no image, or not of three channels.
    """
    with _reading(path) as file:
        data = file.read()
        if channels(data) != 3:
            raise DatasetError(
                f"{path} has {channels(data)} channels, not three.", "Save it as RGB."
            )
        return _photograph(data)


def read_bands(path: Path) -> NDArray[Any]:
    """Image as it is stored, (H, W, C): a photograph's RGB, or the bands of an array or of a TIFF.

    Raises:
        DatasetError: as for `read_image`; an array that isn't (H, W) or (H, W, C) numbers.
    """
    bands: NDArray[Any]
    with _reading(path) as file:
        if path.suffix.lower() in {".npy", ".npz"}:
            bands = _numbers(path, file)
        elif path.suffix.lower() in {".tif", ".tiff"}:
            data = np.frombuffer(file.read(), np.uint8)
            _, pages = cv2.imdecodemulti(data, cv2.IMREAD_UNCHANGED)
            bands = np.dstack([_rgb(page) for page in pages])
        else:
            content = file.read()
            three = channels(content) == 3
            bands = _photograph(content) if three else _rgb(_decoded(content, cv2.IMREAD_UNCHANGED))
    return np.atleast_3d(bands)


def channels(data: bytes) -> int:
    """Channels of a PNG or JPEG, from its header; 3 for a palette and for what is neither."""
    if data[:8] == _PNG and len(data) >= 26:
        return {0: 1, 4: 2, 6: 4}.get(data[25], 3)
    at = 2
    while data[:2] == b"\xff\xd8" and at + 9 < len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if 0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC}:
            return data[at + 9]  # of the frame's header
        at += 1 if marker == 0xFF else 2 + int.from_bytes(data[at + 2 : at + 4])
    return 3


def read_map(path: Path) -> NDArray[np.uint8] | NDArray[np.uint16]:
    """Numbers of a PNG, uint8 or uint16 (H, W), as they are stored; palette indices too.

    Raises:
        DatasetError: the file is missing, cut short, no PNG, or holds colours instead of numbers.
    """
    numbers: NDArray[np.uint8] | NDArray[np.uint16]
    with _reading(path) as file:
        data = file.read()
        if data[:8] != _PNG or len(data) < 26:
            raise ValueError("no PNG")
        bits, kind = data[24], data[25]
        if kind == _PALETTE:
            from PIL import Image

            with Image.open(file) as palette:
                numbers = np.array(palette, np.uint8)
        elif kind != _GREY or bits < 8:
            raise DatasetError(
                f"{path} holds {'colours' if kind != _GREY else f'{bits}-bit values'}, not one "
                "8-bit number a pixel.",
                "Store masks as greyscale or palette PNGs whose pixels are class indices.",
            )
        else:
            numbers = _decoded(data, cv2.IMREAD_UNCHANGED)
    return numbers


def read_indices(path: Path, table: NDArray[np.uint8], hint: str) -> NDArray[np.uint8]:
    """Class indices, uint8 (H, W), of a PNG of 8-bit numbers, by a table, uint8 (256,).

    Raises:
        DatasetError: as for `read_map` and `indices`; 16 bits a pixel.
    """
    raw = read_map(path)
    if raw.dtype != np.uint8:
        raise DatasetError(f"{path} has 16 bits a pixel.", "Store one 8-bit number a pixel.")
    return indices(raw, table, path, hint)


def indices(
    raw: NDArray[Any], table: NDArray[np.uint8], path: Path, hint: str
) -> NDArray[np.uint8]:
    """Class indices, uint8 (H, W), of a map's values, uint8 or uint16.

    Raises:
        DatasetError: the table has UNKNOWN for a value; file, value and count are named.
    """
    narrow = raw if raw.dtype == np.uint8 else np.minimum(raw, 255).astype(np.uint8)
    classes: NDArray[np.uint8] = cv2.LUT(narrow, table)
    if narrow is not raw:
        classes[raw > 255] = UNKNOWN
    strange = classes == UNKNOWN
    if strange.any():
        values, counts = np.unique(raw[strange], return_counts=True)
        more = f" (and {values.size - 1} more such values)" if values.size > 1 else ""
        raise DatasetError(
            f"{path} holds the value {values[0]}, which is no class, in {counts[0]} pixels{more}.",
            hint,
        )
    return classes


def image_size(path: Path) -> tuple[int, int]:
    """Height and width that a file's header promises; nothing is decoded.

    Raises:
        DatasetError: the file is missing or no image.
    """
    from PIL import Image

    if path.suffix.lower() in {".npy", ".npz"}:
        height, width = read_bands(path).shape[:2]
        return height, width
    with _reading(path) as file, Image.open(file) as header:
        width, height = header.size
        turned = header.getexif().get(0x0112, 1) >= 5
    return (width, height) if turned else (height, width)


def same_size(image: Path, size: tuple[int, ...], mask: Path, other: tuple[int, ...]) -> None:
    """Refuse a label map that hasn't its image's height and width (DatasetError)."""
    if size != other:
        raise DatasetError(
            f"{image} is {size[0]} x {size[1]} pixels, {mask} is {other[0]} x {other[1]}.",
            "A mask has exactly its image's height and width.",
        )


def png(array: NDArray[Any]) -> bytes:
    """PNG file of numbers, uint8 or uint16 (H, W), or of a photograph, uint8 (H, W, 3) RGB."""
    if array.ndim == 3:
        array = cv2.cvtColor(array, cv2.COLOR_RGB2BGR)
    _, data = cv2.imencode(".png", array, _FAST_PNG)
    return bytes(data)


@contextmanager
def _reading(path: Path) -> Iterator[BinaryIO]:
    """The file, opened; an error of opening, reading or decoding it becomes a DatasetError."""
    hint = "Copy or unpack that file again."
    try:
        with open_regular(path) as file:
            yield file
    except FileNotFoundError:
        raise DatasetError(f"{path} is missing.", hint) from None
    except (cv2.error, EOFError, OSError, SyntaxError, ValueError, zipfile.BadZipFile) as error:
        if isinstance(error, OSError) and error.errno:  # Pillow's own have no number
            raise DatasetError(f"{path} can't be read: {error.strerror}.") from None
        raise DatasetError(f"{path} is corrupt: it can't be decoded.", hint) from None


def _decoded(data: bytes, flags: int) -> Any:
    """Array. OpenCV's answer to damage is None, an exception for an empty file."""
    array = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    if array is None:
        raise ValueError("damaged")
    return array


def _photograph(data: bytes) -> NDArray[np.uint8]:
    # Older OpenCV fills the missing rest of a JPEG with grey and only warns.
    if data[:2] == b"\xff\xd8" and b"\xff\xd9" not in data[-65536:]:
        raise ValueError("cut short")
    array = _decoded(data, cv2.IMREAD_COLOR)
    image: NDArray[np.uint8] = cv2.cvtColor(array, cv2.COLOR_BGR2RGB, dst=array)
    return image


def _rgb(array: Any) -> Any:
    """OpenCV's array with its colours in the order of RGB or RGBA."""
    if array.ndim == 2:
        return array
    return cv2.cvtColor(array, cv2.COLOR_BGR2RGB if array.shape[2] == 3 else cv2.COLOR_BGRA2RGBA)


def _numbers(path: Path, file: BinaryIO) -> NDArray[Any]:
    """Array of a .npy, or the only one of an .npz."""
    array: Any = np.load(file, allow_pickle=False)
    if isinstance(array, np.lib.npyio.NpzFile):
        (name,) = array.files
        array = array[name]
    if array.ndim not in {2, 3} or array.dtype.kind not in "uif":
        raise DatasetError(
            f"{path} holds an array of {array.dtype} {list(array.shape)}; (H, W, C) numbers are needed."
        )
    numbers: NDArray[Any] = array
    return numbers
