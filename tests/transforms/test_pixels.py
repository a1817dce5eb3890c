from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from bench.suite.model import Pixels
from bench.transforms.pixels import normalize, normalize_float, normalize_linear

PLAIN = Pixels()


def _picture(seed: int = 0, h: int = 32, w: int = 64) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (h, w, 3), np.uint8)


@pytest.mark.parametrize("name", ["Mask2Former", "Segformer"])
@pytest.mark.parametrize("size", [(64, 128), (96, 160), (32, 64), (32, 96)])
def test_equals_the_library(name: str, size: tuple[int, int]) -> None:
    transformers = pytest.importorskip("transformers")
    processor = getattr(transformers, f"{name}ImageProcessorPil")(
        size={"height": size[0], "width": size[1]}, do_resize=True
    )
    picture = _picture(1, 64, 128)
    theirs = processor(images=[Image.fromarray(picture)], return_tensors="np")["pixel_values"]
    pixels = Pixels(mean=tuple(processor.image_mean), std=tuple(processor.image_std))
    ours = normalize(picture, pixels, size)
    assert ours.shape == theirs.shape
    assert np.abs(ours - theirs).max() < 1e-5


@given(
    seed=st.integers(0, 99),
    scale=st.sampled_from([1.0, 1 / 255, 2 / 255]),
    mean=st.tuples(*[st.floats(0, 1)] * 3),
    std=st.tuples(*[st.floats(0.1, 2)] * 3),
    channels=st.sampled_from(["rgb", "bgr"]),
)
def test_can_be_undone(seed: int, scale: float, mean: tuple, std: tuple, channels: str) -> None:
    picture = _picture(seed, 5, 7)
    pixels = Pixels(scale=scale, mean=mean, std=std, channels=channels)
    x = normalize(picture, pixels, (5, 7))
    back = (x[0].astype(np.float64) * np.array(std)[:, None, None]) + np.array(mean)[:, None, None]
    back = np.rint(back / scale).astype(np.uint8).transpose(1, 2, 0)
    assert np.array_equal(back if channels == "rgb" else back[..., ::-1], picture)


def test_is_one_contiguous_float32_batch() -> None:
    x = normalize(_picture(), PLAIN, (32, 64))
    assert x.shape == (1, 3, 32, 64)
    assert x.dtype == np.float32
    assert x.flags.c_contiguous


def test_views_are_taken_as_they_look() -> None:
    picture = _picture()
    for view in (picture[:, ::-1], picture[::2, ::2], picture[..., ::-1]):
        size = view.shape[:2]
        plain = normalize(np.ascontiguousarray(view), PLAIN, size)
        assert np.array_equal(normalize(view, PLAIN, size), plain)
        half = (size[0] // 2, size[1] // 2)
        assert np.array_equal(
            normalize(view, PLAIN, half), normalize(np.ascontiguousarray(view), PLAIN, half)
        )


def test_the_image_itself_stays() -> None:
    picture = _picture()
    before = picture.copy()
    normalize(picture, PLAIN, (32, 64))
    assert np.array_equal(picture, before)


@pytest.mark.parametrize(
    ("rule", "antialias"), [(normalize_float, True), (normalize_linear, False)]
)
@pytest.mark.parametrize("size", [(16, 40), (64, 96), (32, 64)])
def test_other_filters_are_torchs(rule: Callable, antialias: bool, size: tuple[int, int]) -> None:
    torch = pytest.importorskip("torch")
    picture = _picture(2)
    planes = torch.from_numpy(picture.transpose(2, 0, 1)[None].astype(np.float32))
    theirs = torch.nn.functional.interpolate(
        planes, size=size, mode="bilinear", align_corners=False, antialias=antialias
    )
    plain = Pixels(scale=1.0, mean=(0.0,) * 3, std=(1.0,) * 3)
    assert np.abs(rule(picture, plain, size) - theirs.numpy()).max() < 0.02
