"""PNG bytes that are the same on every machine: no compressor's version has a say.

A stored map of class indices is coloured by changing its header and adding a palette; its
compressed pixels stay as they are. A map that is computed here is written by a deflate of our own,
with one Huffman table and runs only.
"""

from __future__ import annotations

import io
import struct
import zlib
from typing import TYPE_CHECKING

from bench.errors import RecordError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image

    from bench.report.palette import Colour

SIGNATURE = b"\x89PNG\r\n\x1a\n"
LARGEST = 4096
"""Longest side of a picture in a record, pixels: a card shows thumbnails."""
LENGTHS = (
    (3, 0), (4, 0), (5, 0), (6, 0), (7, 0), (8, 0), (9, 0), (10, 0), (11, 1), (13, 1), (15, 1),
    (17, 1), (19, 2), (23, 2), (27, 2), (31, 2), (35, 3), (43, 3), (51, 3), (59, 3), (67, 4),
    (83, 4), (99, 4), (115, 4), (131, 5), (163, 5), (195, 5), (227, 5), (258, 0),
)  # fmt: skip
"""Shortest length and extra bits of the deflate codes 257.. (RFC 1951, 3.2.5)."""


def read_labels(content: bytes) -> NDArray[np.uint8]:
    """Class indices, uint8 (H, W), of a stored 8-bit PNG.

    Raises:
        RecordError: it is no such picture, or too large for a card.
    """
    import numpy as np

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


def written(labels: NDArray[np.uint8], palette: list[Colour]) -> bytes:
    """A paletted PNG of labels, uint8 (H, W)."""
    import numpy as np

    height, width = labels.shape
    # Filter 2 stores the difference to the row above: equal rows become runs of zeros.
    above = np.vstack([np.zeros((1, width), np.uint8), labels[:-1]])
    rows = np.hstack([np.full((height, 1), 2, np.uint8), labels - above])
    raw = rows.tobytes()
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    body = b"\x78\x01" + deflate(raw) + struct.pack(">I", zlib.adler32(raw))
    table = bytes(v for colour in palette for v in colour)
    chunks = ((b"IHDR", header), (b"PLTE", table), (b"IDAT", body), (b"IEND", b""))
    return SIGNATURE + b"".join(_chunk(k, b) for k, b in chunks)


def deflate(data: bytes) -> bytes:
    """Raw deflate stream: one block, fixed Huffman codes, matches at distance 1 only."""
    import numpy as np

    values = np.frombuffer(data, np.uint8)
    edges = np.flatnonzero(np.diff(values)) + 1
    starts = [0, *edges.tolist()] if len(values) else []
    ends = [*starts[1:], len(values)] if starts else []
    bits = ["110"]
    bits += [_run(data[a], b - a) for a, b in zip(starts, ends, strict=True)]
    bits.append("0000000")
    flat = np.frombuffer("".join(bits).encode(), np.uint8) - ord("0")
    return np.packbits(flat, bitorder="little").tobytes()


def _run(value: int, length: int) -> str:
    """Bits of one value, so many times: itself, then matches with the byte before."""
    literal = f"{0x30 + value:08b}" if value < 144 else f"{0x190 + value - 144:09b}"
    bits, rest = [literal], length - 1
    while rest >= 3:
        part = min(rest, 258)
        bits.append(_match(part))
        rest -= part
    return "".join(bits) + literal * rest


def _match(length: int) -> str:
    index = max(i for i, (first, _) in enumerate(LENGTHS) if first <= length)
    first, extra = LENGTHS[index]
    code = f"{index + 1:07b}" if index + 257 < 280 else f"{0xC0 + index + 257 - 280:08b}"
    # Extra bits go lowest first, unlike Huffman codes; the distance code of 1 is five zeros.
    more = f"{length - first:0{extra}b}"[::-1] if extra else ""
    return f"{code}{more}00000"


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
