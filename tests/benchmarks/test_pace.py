"""Whether evaluation runs at the model's pace: our pass, a plain loop, and one with `evaluate`'s metric.

The micro model in torch on one thread, over files of 1024 x 2048, with a core to spare; the loops
take turns, so that a busy moment meets all of them. Run with `pytest tests/benchmarks/test_pace.py
--benchmark-only`; it takes some minutes.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pytest

from bench.devices import machine
from bench.jobs.measure import CaseJob
from bench.measure import accuracy
from bench.measure.session import LoadedCase, load_case
from bench.suite.load import load_suite

SIZE = (1024, 2048)
IMAGES, ROUNDS = 10, 2
CLASSES = 19


def _loaded(cache: object) -> LoadedCase:
    import torch

    torch.set_num_threads(1)
    cases = load_suite("quickstart").expand()
    case = next(c for c in cases if c.id == "mask2former-micro/torch-fp32/cpu/scenes")
    options = {"seed": 7, "height": SIZE[0], "width": SIZE[1], "count": IMAGES}
    protocol = case.protocol.model_copy(update={"accuracy_limit_s": None, "images": IMAGES})
    case = case.model_copy(
        update={
            "dataset": case.dataset.model_copy(update={"options": options}),
            "target": case.target.model_copy(update={"threads": 1}),
            "protocol": protocol,
        }
    )
    job = CaseJob(case=case, cache=str(cache), size=SIZE)
    return load_case(job, case.variant)[0]


def _ours(loaded: LoadedCase) -> tuple[float, float, np.ndarray]:
    """Seconds of the pass, seconds of its forward calls, and the counts."""
    found = accuracy.walk(loaded, lambda *words: None, None)
    return (
        found.wall_ns / 1e9,
        sum(found.forward_ns) / 1e9,
        sum(c.tally["counts"] for c in found.counted),
    )


def _plain(
    loaded: LoadedCase, update: Callable[[np.ndarray, np.ndarray, np.ndarray], None]
) -> tuple[float, float, np.ndarray]:
    """The loop that people write: the library's post-processing in torch, one image at a time."""
    import torch
    from torch.nn.functional import interpolate

    total = np.zeros((3, CLASSES), np.int64)
    forward, began = 0.0, time.perf_counter()
    with torch.inference_mode():
        for i in range(loaded.count):
            _, x = loaded.load(i)
            start = time.perf_counter()
            outputs = loaded.infer(x)
            forward += time.perf_counter() - start
            masks = torch.from_numpy(outputs["mask_logits"])
            weights = torch.from_numpy(outputs["class_logits"]).softmax(-1)[..., :-1]
            large = interpolate(masks, SIZE, mode="bilinear", align_corners=False).sigmoid()
            labels = torch.einsum("bqc,bqhw->bchw", weights, large).argmax(1)[0].numpy()
            update(total, loaded.images.truth(i), labels.astype(np.uint8))
    return time.perf_counter() - began, forward, total


def _bincount(total: np.ndarray, truth: np.ndarray, labels: np.ndarray) -> None:
    there = truth < CLASSES
    codes = truth[there].astype(np.int64) * CLASSES + labels[there]
    counts = np.bincount(codes, minlength=CLASSES**2).reshape(CLASSES, CLASSES)
    total += np.stack([counts.diagonal(), counts.sum(1), counts.sum(0)])


def _histograms(total: np.ndarray, truth: np.ndarray, labels: np.ndarray) -> None:
    """The way of `evaluate.load("mean_iou")`: three histograms an image, over all its pixels."""
    there = truth != 255
    labels, truth = labels[there], truth[there]
    for row, values in enumerate((labels[labels == truth], truth, labels)):
        total[row] += np.histogram(values, bins=CLASSES, range=(0, CLASSES - 1))[0]


@pytest.mark.timeout(1800)
def test_evaluation_at_the_models_pace(benchmark: Callable, tmp_path: object) -> None:
    if machine.cores() < 2:
        pytest.skip("no core is free beside the model")
    loaded = _loaded(tmp_path)
    loops = {
        "ours": lambda: _ours(loaded),
        "plain": lambda: _plain(loaded, _bincount),
        "evaluate": lambda: _plain(loaded, _histograms),
    }
    loaded.infer(loaded.load(0)[1])
    times: dict[str, list[tuple[float, float, np.ndarray]]] = {name: [] for name in loops}
    for _ in range(ROUNDS):
        for name, loop in loops.items():
            times[name].append(loop())
    wall = {name: min(t[0] for t in found) for name, found in times.items()}
    over = {name: min(t[0] / t[1] for t in found) for name, found in times.items()}
    benchmark.extra_info |= {f"{n}: wall / forward": round(v, 3) for n, v in over.items()}
    benchmark.extra_info |= {f"{n} / ours": round(wall[n] / wall["ours"], 3) for n in wall}
    print(benchmark.extra_info)
    benchmark.pedantic(lambda: None, rounds=1)
    counts = times["ours"][0][2]
    hits = times["plain"][0][2][0]
    # The same labels but for pixels in which float32 sums in another order decide.
    assert np.abs(counts.diagonal()[:CLASSES] - hits).sum() <= 1e-4 * counts.sum()
    assert wall["ours"] <= 1.01 * min(wall.values())
    assert over["ours"] <= 1.05
