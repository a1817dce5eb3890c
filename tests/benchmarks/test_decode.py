"""Which decoder: OpenCV or Pillow, on a photograph of 1024 x 2048 as PNG and as JPEG.

The outcome stands in bench/datasets/decode.py. Run with `pytest tests/benchmarks --benchmark-only`.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from functools import cache

import cv2
import numpy as np
import pytest
from PIL import Image

from bench.datasets.scenes.layout import compose


@cache
def _file(suffix: str) -> bytes:
    scene = compose((0, 1, 0), 1024, 2048)
    picture = scene.labels if suffix == "labels.png" else scene.image[..., ::-1]
    return bytes(cv2.imencode("." + suffix.rsplit(".", 1)[-1], picture)[1])


def _opencv(data: bytes) -> np.ndarray:
    array = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    return array if array.ndim == 2 else cv2.cvtColor(array, cv2.COLOR_BGR2RGB, dst=array)


def _pillow(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)))


def _median_s(work: Callable[[], object], rounds: int) -> float:
    found = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        found.append(time.perf_counter() - start)
    return float(np.median(found))


@pytest.mark.parametrize("suffix", ["png", "jpg", "labels.png"])
@pytest.mark.parametrize("decoder", [_opencv, _pillow])
def test_decode(benchmark: Callable, decoder: Callable, suffix: str) -> None:
    data = _file(suffix)
    found = benchmark.pedantic(decoder, (data,), rounds=7, warmup_rounds=1)
    assert found.shape[:2] == (1024, 2048)


@pytest.mark.parametrize("suffix", ["png", "jpg"])
def test_opencv_is_no_slower(benchmark: Callable, suffix: str) -> None:
    data = _file(suffix)
    cv2.setNumThreads(1)
    pillow = _median_s(lambda: _pillow(data), 9)
    opencv = _median_s(lambda: _opencv(data), 9)
    benchmark.extra_info["pillow / opencv"] = round(pillow / opencv, 2)
    benchmark.pedantic(_opencv, (data,), rounds=1)
    assert opencv < 1.1 * pillow
