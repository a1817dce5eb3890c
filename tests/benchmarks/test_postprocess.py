"""Post-processing in strips against the plain torch formula, as a ratio within one run."""

from __future__ import annotations

import time
from collections.abc import Callable

import cv2
import numpy as np
import pytest

from bench.transforms.labels import reference

torch = pytest.importorskip("torch")


def _torch(outputs: dict[str, torch.Tensor], size: tuple[int, int]) -> torch.Tensor:
    masks = torch.nn.functional.interpolate(
        outputs["mask_logits"], size=size, mode="bilinear", align_corners=False
    )
    classes = outputs["class_logits"].softmax(-1)[..., :-1]
    return torch.einsum("bqc,bqhw->bchw", classes, masks.sigmoid())[0].argmax(0)


def _best_s(work: Callable[[], object], rounds: int) -> float:
    found = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        found.append(time.perf_counter() - start)
    return min(found)


@pytest.mark.parametrize(
    ("queries", "own", "rounds"),
    [(20, (64, 128), 15), (100, (256, 512), 2)],
    ids=["micro-256x512", "large-1024x2048"],
)
def test_strips_beat_the_plain_formula(
    benchmark: Callable, queries: int, own: tuple[int, int], rounds: int
) -> None:
    rng = np.random.default_rng(0)
    outputs = {
        "class_logits": rng.normal(0, 2, (1, queries, 20)).astype(np.float32),
        "mask_logits": rng.normal(0, 3, (1, queries, *own)).astype(np.float32),
    }
    tensors = {k: torch.from_numpy(v) for k, v in outputs.items()}
    size = (own[0] * 4, own[1] * 4)
    before, threads = cv2.getNumThreads(), torch.get_num_threads()
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    try:
        with torch.inference_mode():
            plain = _best_s(lambda: _torch(tensors, size), rounds)
        found = benchmark.pedantic(reference, (outputs, size, size), rounds=rounds, warmup_rounds=1)
    finally:
        cv2.setNumThreads(before)
        torch.set_num_threads(threads)
    assert found.shape == size
    ratio = plain / benchmark.stats.stats.min if benchmark.stats else float("nan")
    benchmark.extra_info["torch / ours"] = round(ratio, 2)
    assert not ratio < 1.0
