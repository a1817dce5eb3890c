from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from bench.errors import Unsupported
from bench.objects import Objects
from bench.transforms.instance import MOST, instance, instance_hf

CLASSES = 5


def _outputs(seed: int, queries: int, size: tuple[int, int]) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 3, (1, queries, CLASSES + 1)).astype(np.float32)
    masks = rng.normal(0, 2, (1, queries, *size)).astype(np.float32)
    return {"class_logits": logits, "mask_logits": masks}


def _resize(x: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    return torch.nn.functional.interpolate(x, size=size, mode="bilinear", align_corners=False)


def _authors(
    outputs: dict[str, np.ndarray], input_size: tuple[int, int], image_size: tuple[int, int]
) -> list[tuple[np.ndarray, int, float]]:
    """The rule of Mask2Former's authors, plainly, in torch, on whole maps."""
    masks = _resize(_resize(torch.from_numpy(outputs["mask_logits"]), input_size), image_size)[0]
    scores = torch.from_numpy(outputs["class_logits"])[0].softmax(-1)[:, :-1]
    found, order = scores.flatten().sort(descending=True, stable=True)
    out = []
    for probability, pair in zip(found[:MOST].tolist(), order[:MOST].tolist(), strict=True):
        logits = masks[pair // CLASSES]
        inside = (logits > 0).float()
        if not inside.any():
            continue
        within = (logits.sigmoid() * inside).sum() / (inside.sum() + 1e-6)
        out.append((inside.bool().numpy(), pair % CLASSES, probability * within.item()))
    return out


def _librarys(
    outputs: dict[str, np.ndarray], image_size: tuple[int, int]
) -> list[tuple[np.ndarray, int, float]]:
    transformers = pytest.importorskip("transformers")
    raw = SimpleNamespace(
        class_queries_logits=torch.from_numpy(outputs["class_logits"].copy()),
        masks_queries_logits=torch.from_numpy(outputs["mask_logits"].copy()),
    )
    (one,) = transformers.Mask2FormerImageProcessorPil.post_process_instance_segmentation(
        None, raw, threshold=0.0, target_sizes=[image_size], return_binary_maps=True
    )
    infos = one["segments_info"]
    masks = one["segmentation"].numpy().astype(bool) if infos else []
    return [(m, s["label_id"], s["score"]) for m, s in zip(masks, infos, strict=True)]


def _same(found: Objects, expected: list[tuple[np.ndarray, int, float]], pixels: int) -> None:
    """Equal as sets: the library's order is that of `topk(sorted=False)`."""
    assert len(found) == len(expected)
    masks = [found.mask(k) for k in range(len(found))]
    assert found.areas.tolist() == [m.sum() for m in masks]
    left = list(range(len(expected)))
    for mask, name, score in zip(masks, found.classes, found.scores, strict=True):
        match = next(
            i
            for i in left
            if expected[i][1] == name
            and abs(expected[i][2] - score) < 2e-6
            and (expected[i][0] != mask).sum() <= pixels
        )
        left.remove(match)


@pytest.mark.parametrize("seed", range(6))
def test_equals_the_authors_rule(seed: int) -> None:
    rng = np.random.default_rng(seed)
    queries, (own, inner, size) = 3 + 5 * seed, rng.integers(2, 24, (3, 2)).tolist()
    outputs = _outputs(seed, queries, own)
    # float32 rounds otherwise in the two interpolations: a pixel on an edge may differ.
    _same(instance(outputs, inner, size), _authors(outputs, inner, size), pixels=1)


@pytest.mark.parametrize("seed", range(4))
def test_hf_equals_the_library(seed: int) -> None:
    own, size = np.random.default_rng(seed).integers(2, 40, (2, 2)).tolist()
    outputs = _outputs(seed, 1 + 3 * seed, own)
    _same(instance_hf(outputs, (1, 1), size), _librarys(outputs, size), pixels=2)


@pytest.mark.parametrize("rule", [instance, instance_hf])
def test_one_query_can_stand_for_two_classes(rule: Callable) -> None:
    logits = np.full((1, 2, 3), -9.0, np.float32)
    logits[0, 0, :2] = 1.0
    logits[0, 1, 2] = 5.0
    masks = np.full((1, 2, 4, 4), 3.0, np.float32)
    masks[0, 0, :, 2:] = -3.0
    found = rule({"class_logits": logits, "mask_logits": masks}, (4, 4), (4, 4))
    # The library keeps as many pairs as there are queries; the authors keep a hundred.
    assert found.classes[:2].tolist() == [0, 1]
    assert found.masks[0] == found.masks[1]
    assert found.scores[:2] == pytest.approx(0.5 / (1 + np.exp(-3.0)), abs=0.05)
    assert not found.crowd.any()


@pytest.mark.parametrize("rule", [instance, instance_hf])
def test_empty_and_broken_masks_are_no_objects(rule: Callable) -> None:
    outputs = _outputs(3, 4, (6, 6))
    outputs["mask_logits"][0, :3] = -5.0
    outputs["mask_logits"][0, 3, 2:] = np.nan
    outputs["class_logits"][0, 0] = np.nan
    found = rule(outputs, (6, 6), (6, 6))
    assert np.isfinite(found.scores).all()
    outputs["mask_logits"][:] = -5.0
    assert len(rule(outputs, (6, 6), (12, 20))) == 0
    assert rule(outputs, (6, 6), (12, 20)).size == (12, 20)


def test_strips_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    outputs = _outputs(4, 10, (16, 32))
    jobs = [((64, 128), (64, 128)), ((64, 128), (90, 70))]
    whole = [rule(outputs, *job) for job in jobs for rule in (instance, instance_hf)]
    monkeypatch.setattr("bench.transforms.strips.SCRATCH", 1)
    found = [rule(outputs, *job) for job in jobs for rule in (instance, instance_hf)]
    for a, b in zip(found, whole, strict=True):
        assert a.classes.tolist() == b.classes.tolist()
        assert np.allclose(a.scores, b.scores, atol=1e-6)
        assert np.abs(a.areas - b.areas).max() <= 2


def test_a_model_without_queries_is_told() -> None:
    with pytest.raises(Unsupported, match="this model has logits") as caught:
        instance({"logits": np.zeros((1, 3, 4, 4), np.float32)}, (4, 4), (4, 4))
    assert '"semantic"' in caught.value.hint


def test_scratch_memory_is_bounded() -> None:
    outputs = _outputs(6, 100, (64, 128))
    tracemalloc.start()
    instance(outputs, (512, 1024), (512, 1024))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 24e6  # whole maps of 100 queries take 210 MB
