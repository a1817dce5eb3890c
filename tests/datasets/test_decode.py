from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from bench.datasets.decode import (
    UNKNOWN,
    channels,
    image_size,
    indices,
    png,
    read_bands,
    read_image,
    read_map,
)
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
    for reader in (read_image, image_size):
        with pytest.raises(DatasetError, match=r"can't be read: .*no file"):
            reader(tmp_path)


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


@pytest.mark.parametrize(
    ("mode", "suffix", "count"),
    [("L", ".png", 1), ("L", ".jpg", 1), ("RGBA", ".png", 4), ("CMYK", ".jpg", 4)],
)
def test_a_photograph_has_three_channels(
    tmp_path: Path, mode: str, suffix: str, count: int
) -> None:
    path = tmp_path / f"x{suffix}"
    Image.fromarray(_picture()).convert(mode).save(path)
    with pytest.raises(DatasetError, match=rf"x\{suffix} has {count} channels, not three"):
        read_image(path)
    Image.fromarray(_picture()).convert("P").save(tmp_path / "p.png")
    assert read_image(tmp_path / "p.png").shape == (20, 30, 3)


def test_grey_and_alpha_are_read_as_stored(tmp_path: Path) -> None:
    rgba = np.random.default_rng(4).integers(0, 256, (6, 5, 4), np.uint8)
    Image.fromarray(rgba).save(tmp_path / "a.png")
    assert np.array_equal(read_bands(tmp_path / "a.png"), rgba)
    (tmp_path / "g.png").write_bytes(png(rgba[..., 0]))
    assert np.array_equal(read_bands(tmp_path / "g.png"), rgba[..., :1])
    (tmp_path / "c.png").write_bytes(png(_picture()))
    assert np.array_equal(read_bands(tmp_path / "c.png"), _picture())


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("suffix", [".npy", ".npz", ".tif"])
def test_bands_come_back_as_they_were_stored(tmp_path: Path, dtype: type, suffix: str) -> None:
    bands = np.random.default_rng(5).integers(0, 200, (7, 9, 6)).astype(dtype)
    path = tmp_path / f"x{suffix}"
    if suffix == ".npy":
        np.save(path, bands)
    elif suffix == ".npz":
        np.savez(path, bands)
    else:
        assert cv2.imwritemulti(str(path), list(np.moveaxis(bands, 2, 0)))
    found = read_bands(path)
    assert found.dtype == dtype
    assert np.array_equal(found, bands)
    assert image_size(path) == (7, 9)


def test_damaged_bands_are_named(tmp_path: Path) -> None:
    for suffix in (".npy", ".npz", ".tif"):
        path = tmp_path / f"x{suffix}"
        for data in (b"", b"nonsense"):
            path.write_bytes(data)
            with pytest.raises(DatasetError, match=rf"x\{suffix} is corrupt"):
                read_bands(path)
    pages = [np.zeros((4, 5), np.uint8), np.zeros((3, 5), np.uint8)]
    assert cv2.imwritemulti(str(tmp_path / "pages.tif"), pages)
    with pytest.raises(DatasetError, match=r"pages\.tif is corrupt"):
        read_bands(tmp_path / "pages.tif")
    np.savez(tmp_path / "two.npz", a=np.zeros(3), b=np.zeros(3))
    with pytest.raises(DatasetError, match=r"two\.npz is corrupt"):
        read_bands(tmp_path / "two.npz")
    np.save(tmp_path / "x.npy", np.zeros((2, 2, 2, 2)))
    with pytest.raises(DatasetError, match=r"array of float64 \[2, 2, 2, 2\]; \(H, W, C\)"):
        read_bands(tmp_path / "x.npy")


@given(st.binary(max_size=60))
def test_channels_of_any_bytes(data: bytes) -> None:
    assert 0 <= channels(b"\xff\xd8" + data) <= 255
    assert 1 <= channels(b"\x89PNG\r\n\x1a\n" + data) <= 4


def test_values_that_mean_nothing_are_counted() -> None:
    table = np.full(256, UNKNOWN, np.uint8)
    table[:2] = (5, 6)
    raw = np.array([[0, 1, 9], [9, 7, 0]], np.uint8)
    with pytest.raises(
        DatasetError, match=r"m holds the value 7, .* in 1 pixels \(and 1 more such"
    ):
        indices(raw, table, Path("m"), "hint")
    with pytest.raises(DatasetError, match="the value 300, which is no class, in 2 pixels"):
        indices(np.array([[300, 0, 300]], np.uint16), table, Path("m"), "hint")
    assert indices(raw.clip(0, 1), table, Path("m"), "").tolist() == [[5, 6, 6], [6, 6, 5]]
