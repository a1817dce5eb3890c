from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from bench.errors import RecordError
from bench.report.pictures import check_jpeg, painted, read_labels

PALETTE = [(i, 255 - i, i // 2) for i in range(256)]


def png(array, **options):
    buffer = io.BytesIO()
    Image.fromarray(array).save(buffer, "PNG", **options)
    return buffer.getvalue()


def shown(content):
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))


def test_painting_changes_colours_and_no_pixel():
    labels = np.random.default_rng(0).integers(0, 256, (17, 33)).astype(np.uint8)
    assert (shown(painted(png(labels), PALETTE)) == np.array(PALETTE)[labels]).all()


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
