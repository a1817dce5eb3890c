"""Post-processing against the plain torch formula and against the library's own rule, as ratios within one run."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from bench import registry
from bench.datasets.scenes.layout import compose
from bench.suite.load import tables
from bench.transforms import strips
from bench.transforms.labels import reference
from bench.transforms.pixels import normalize

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")


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


@pytest.fixture(scope="module")
def trained() -> dict[str, np.ndarray]:
    """Outputs of the shipped model on a scene of 1024x2048, and of 80 queries that see no object:
    100 queries and 19 classes, mask logits 256x512, as the published models have them."""
    spec = tables().models["mask2former-micro"]
    net = registry.load("model", spec.loader)().build(spec)
    x = normalize(compose((0, 1, 0), 1024, 2048).image, spec.pixels, (1024, 2048))
    with torch.inference_mode():
        raw = net(torch.from_numpy(x))
    named = {n: t.numpy() for n, t in zip(net.output_names, raw, strict=True)}
    rng = np.random.default_rng(0)
    blobs = [cv2.resize(rng.normal(-8, 3, (16, 32)), (512, 256)) for _ in range(80)]
    classes = rng.normal(0, 1, (80, 20)) + np.eye(20)[19] * 7
    return {
        "class_logits": np.concatenate(
            [named["class_logits"], classes[None]], axis=1, dtype=np.float32
        ),
        "mask_logits": np.concatenate([named["mask_logits"], [blobs]], axis=1, dtype=np.float32),
    }


def test_labels_take_half_the_time_of_the_librarys_rule(
    benchmark: Callable, trained: dict[str, np.ndarray]
) -> None:
    """Wants OPENBLAS_NUM_THREADS=1, as each worker has it; `reference` starts threads by itself."""
    size, threads = (1024, 2048), 2
    named = {k: torch.from_numpy(v) for k, v in trained.items()}
    outputs = SimpleNamespace(
        class_queries_logits=named["class_logits"], masks_queries_logits=named["mask_logits"]
    )
    processor = transformers.Mask2FormerImageProcessorPil()
    theirs: list[float] = []

    def library() -> None:
        """Alternate, so that both see the same disturbances."""
        start = time.perf_counter()
        with torch.inference_mode():
            processor.post_process_semantic_segmentation(outputs, target_sizes=[size])
        theirs.append(time.perf_counter() - start)

    before = cv2.getNumThreads(), torch.get_num_threads()
    cv2.setNumThreads(threads)
    torch.set_num_threads(threads)
    try:
        found = benchmark.pedantic(
            reference, (trained, size, size), setup=library, rounds=15, warmup_rounds=1
        )
        full = strips.combined(*_weighted(trained), size)
    finally:
        cv2.setNumThreads(before[0])
        torch.set_num_threads(before[1])
    for start in range(0, size[0], 64):
        expected = np.empty((64, size[1]), np.uint8)
        strips.winner(full(start, start + 64), expected)
        assert (found[start : start + 64] == expected).mean() > 0.99999
    if benchmark.stats:
        ratio = benchmark.stats.stats.median / statistics.median(theirs)
        benchmark.extra_info["ours / the library's"] = round(ratio, 2)
        assert ratio <= 0.5


def _weighted(outputs: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities of the classes, (C, Q), and mask logits."""
    classes = strips.probabilities(outputs)[:, :-1].T
    return np.ascontiguousarray(classes, np.float32), outputs["mask_logits"][0]
