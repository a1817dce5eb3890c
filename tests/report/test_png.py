from __future__ import annotations

import io
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from bench.errors import RecordError
from bench.report.png import check_jpeg, deflate, painted, read_labels, written

PALETTE = [(i, 255 - i, i // 2) for i in range(256)]


def png(array, **options):
    buffer = io.BytesIO()
    Image.fromarray(array).save(buffer, "PNG", **options)
    return buffer.getvalue()


def shown(content):
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))


@given(st.lists(st.tuples(st.integers(0, 255), st.integers(1, 700)), max_size=12))
def test_deflate_is_understood_by_zlib(runs):
    data = b"".join(bytes([value]) * length for value, length in runs)
    assert zlib.decompress(deflate(data), wbits=-15) == data


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 2**31))
def test_written_pictures_are_read_back_by_pillow(height, width, seed):
    labels = np.random.default_rng(seed).integers(0, 256, (height, width)).astype(np.uint8)
    assert (shown(written(labels, PALETTE)) == np.array(PALETTE)[labels]).all()


def test_painting_changes_colours_and_no_pixel():
    labels = np.random.default_rng(0).integers(0, 256, (17, 33)).astype(np.uint8)
    assert (shown(painted(png(labels), PALETTE)) == np.array(PALETTE)[labels]).all()


def test_runs_are_short():
    assert len(written(np.zeros((256, 512), np.uint8), PALETTE)) < 3000


def test_text_hidden_in_a_stored_picture_is_left_out():
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    info.add_text("Comment", "<script>alert(1)</script>")
    content = painted(png(np.zeros((4, 4), np.uint8), pnginfo=info), PALETTE)
    assert b"script" not in content


@pytest.mark.parametrize("content", [b"", b"<svg onload=alert(1)>", b"\x89PNG\r\n\x1a\nrubbish"])
def test_rubbish_is_refused(content):
    with pytest.raises(RecordError, match="no PNG file"):
        read_labels(content)
    with pytest.raises(RecordError, match="no JPEG file"):
        check_jpeg(content)


def test_a_picture_of_the_wrong_kind_or_size_is_refused():
    with pytest.raises(RecordError, match="mode 'RGB'"):
        read_labels(png(np.zeros((4, 4, 3), np.uint8)))
    with pytest.raises(RecordError, match="too large"):
        read_labels(png(np.zeros((1, 5000), np.uint8)))
