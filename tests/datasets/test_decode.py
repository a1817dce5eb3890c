from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from bench.datasets.decode import image_size, png, read_image, read_map
from bench.errors import DatasetError


def _picture(h: int = 20, w: int = 30) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (h, w, 3), np.uint8)


def test_png_round_trip_keeps_rgb(tmp_path: Path) -> None:
    path, picture = tmp_path / "x.png", _picture()
    path.write_bytes(png(picture))
    assert np.array_equal(read_image(path), picture)
    assert np.array_equal(np.asarray(Image.open(path)), picture)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_numbers_round_trip(tmp_path: Path, dtype: type) -> None:
    path = tmp_path / "x.png"
    numbers = np.random.default_rng(2).integers(0, np.iinfo(dtype).max, (9, 7), dtype)
    path.write_bytes(png(numbers))
    found = read_map(path)
    assert found.dtype == dtype
    assert np.array_equal(found, numbers)


def test_jpeg_agrees_with_pillow(tmp_path: Path) -> None:
    path = tmp_path / "x.jpg"
    smooth = cv2.GaussianBlur(_picture(64, 64), (0, 0), 5)
    Image.fromarray(smooth).save(path, quality=95)
    other = np.asarray(Image.open(path).convert("RGB")).astype(int)
    assert np.abs(read_image(path).astype(int) - other).max() <= 3


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_palette_masks_are_read_as_indices(tmp_path: Path, bits: int) -> None:
    path = tmp_path / "x.png"
    indices = np.random.default_rng(3).integers(0, min(2**bits, 20), (8, 16), np.uint8)
    mask = Image.new("P", (16, 8))
    mask.putdata(indices.ravel().tolist())
    mask.putpalette([(37 * i) % 256 for i in range(3 * 2**bits)])
    mask.save(path, bits=bits)
    assert path.read_bytes()[25] == 3
    assert np.array_equal(read_map(path), indices)


def test_colours_and_few_bits_are_refused_as_numbers(tmp_path: Path) -> None:
    path = tmp_path / "x.png"
    path.write_bytes(png(_picture()))
    with pytest.raises(DatasetError, match="holds colours"):
        read_map(path)
    Image.new("1", (8, 8)).save(path)
    with pytest.raises(DatasetError, match="1-bit"):
        read_map(path)


@pytest.mark.parametrize("suffix", [".png", ".jpg"])
@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_cut_files_are_named(tmp_path: Path, suffix: str, share: float) -> None:
    path = tmp_path / f"cut{suffix}"
    Image.fromarray(_picture(64, 64)).save(path)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    with pytest.raises(DatasetError, match=r"cut\.(png|jpg) is corrupt"):
        read_image(path)


def test_damaged_numbers_are_named(tmp_path: Path) -> None:
    path = tmp_path / "x.png"
    for data in (b"", b"nonsense", png(np.zeros((40, 40), np.uint8))[:-20]):
        path.write_bytes(data)
        with pytest.raises(DatasetError, match="corrupt"):
            read_map(path)
    mask = Image.new("P", (64, 64))
    mask.putpalette(range(9))
    mask.save(path)
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(DatasetError, match="corrupt"):
        read_map(path)


def test_missing_files_are_named(tmp_path: Path) -> None:
    for reader in (read_image, read_map, image_size):
        with pytest.raises(DatasetError, match=r"gone\.png is missing"):
            reader(tmp_path / "gone.png")
    with pytest.raises(DatasetError, match="can't be read"):
        read_image(tmp_path)


def test_size_comes_from_the_header_and_follows_exif(tmp_path: Path) -> None:
    path = tmp_path / "x.jpg"
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(_picture(20, 30)).save(path, exif=exif)
    assert image_size(path) == (30, 20)
    assert read_image(path).shape == (30, 20, 3)
    path.write_bytes(b"no image")
    with pytest.raises(DatasetError, match="corrupt"):
        image_size(path)
