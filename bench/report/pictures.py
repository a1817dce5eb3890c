"""Pictures of a record, checked, and coloured without a change to their pixels.

A stored map of class indices gets a palette and a header that says so; its compressed pixels stay the
bytes that the worker wrote, so that the card is the same on every machine.
"""

import io
import struct
import zlib

import numpy as np
from numpy.typing import NDArray
from PIL.Image import Image

from bench.errors import RecordError
from bench.report.palette import Colour

SIGNATURE = b"\x89PNG\r\n\x1a\n"
LARGEST = 4096
"""Longest side of a picture in a record, pixels: a card shows thumbnails."""


def read_labels(content: bytes) -> NDArray[np.uint8]:
    """Class indices, uint8 (H, W), of a stored 8-bit PNG.

    Raises:
        RecordError: it is no such picture, or too large for a card.
    """
    return np.asarray(_opened(content, "PNG", "L"), dtype=np.uint8)


def check_jpeg(content: bytes) -> tuple[int, int]:
    """Width and height of a stored JPEG.

    Raises:
        RecordError: it is none, or too large for a card.
    """
    return _opened(content, "JPEG", "RGB").size


def painted(content: bytes, palette: list[Colour]) -> bytes:
    """The stored PNG of class indices as a paletted one; `palette` has 256 colours."""
    read_labels(content)
    table = bytes(v for colour in palette for v in colour)
    parts = [SIGNATURE]
    for kind, body in _chunks(content):
        if kind == b"IHDR":
            # Bytes 8 and 9 are bit depth and colour type; 3 = an index into a palette.
            parts.append(_chunk(kind, body[:9] + b"\x03" + body[10:]))
            parts.append(_chunk(b"PLTE", table))
        elif kind in {b"IDAT", b"IEND"}:
            parts.append(_chunk(kind, body))
    return b"".join(parts)


def _opened(content: bytes, kind: str, mode: str) -> Image:
    import PIL.Image

    try:
        with PIL.Image.open(io.BytesIO(content), formats=[kind]) as image:
            if max(image.size) > LARGEST:
                raise RecordError(f"A picture of {image.size[0]} x {image.size[1]} is too large.")
            image.load()
            if image.mode != mode:
                raise RecordError(f"A picture of mode {image.mode!r} isn't one of mode {mode!r}.")
            return image.copy()
    except (OSError, SyntaxError, ValueError, PIL.UnidentifiedImageError) as e:
        raise RecordError(f"A picture of the record is no {kind} file.") from e


def _chunks(content: bytes) -> list[tuple[bytes, bytes]]:
    found, at = [], len(SIGNATURE)
    while at + 8 <= len(content):
        (length,) = struct.unpack_from(">I", content, at)
        found.append((content[at + 4 : at + 8], content[at + 8 : at + 8 + length]))
        at += length + 12
    return found


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
