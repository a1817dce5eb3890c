from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from itertools import islice
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.segments import VOID
from bench.transforms import strips
from bench.transforms.labels import class_map, hf, reference

torch = pytest.importorskip("torch")
SIZES = [
    ((64, 128), (64, 128), (16, 32)),
    ((64, 128), (96, 150), (16, 32)),
    ((64, 128), (40, 90), (16, 32)),
    ((64, 96), (64, 96), (64, 96)),
    ((33, 47), (50, 61), (9, 12)),
]


def _queries(seed: int, queries: int, h: int, w: int) -> dict[str, np.ndarray]:
    """Smooth blobs, each with a favourite class: what a trained model's outputs look like."""
    rng = np.random.default_rng(seed)
    masks = [cv2.GaussianBlur(rng.normal(size=(h, w)), (0, 0), h / 8) for _ in range(queries)]
    stack = np.stack(masks)
    stack = 5 * stack / stack.std(axis=(1, 2), keepdims=True)
    classes = rng.normal(0, 2, (queries, 20))
    return {
        "class_logits": classes[None].astype(np.float32),
        "mask_logits": stack[None].astype(np.float32),
    }


def _plain(seed: int, h: int, w: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    maps = [cv2.GaussianBlur(rng.normal(size=(h, w)), (0, 0), h / 8) for _ in range(19)]
    return {"logits": 20 * np.stack(maps)[None].astype(np.float32)}


def _resize(x: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    return torch.nn.functional.interpolate(x, size=size, mode="bilinear", align_corners=False)


def _authors(outputs: dict, input_size: tuple, image_size: tuple) -> np.ndarray:
    """The order of Mask2Former's authors, in torch."""
    masks = _resize(torch.from_numpy(outputs["mask_logits"]), input_size).sigmoid()
    classes = torch.from_numpy(outputs["class_logits"]).softmax(-1)[..., :-1]
    combined = torch.einsum("bqc,bqhw->bchw", classes, masks)
    if input_size != image_size:
        combined = _resize(combined, image_size)
    return combined[0].argmax(0).numpy()


@pytest.mark.parametrize(("input_size", "image_size", "own"), SIZES)
def test_reference_is_the_authors_order(input_size: tuple, image_size: tuple, own: tuple) -> None:
    outputs = _queries(1, 12, *own)
    found = reference(outputs, input_size, image_size)
    assert found.dtype == np.uint8
    assert found.shape == image_size
    assert (found == _authors(outputs, input_size, image_size)).mean() >= 0.9999
    assert len(np.unique(found)) > 2


@pytest.mark.parametrize(
    ("input_size", "image_size", "own"), [*SIZES, ((9, 9), (384, 384), (8, 8))]
)
def test_hf_is_the_librarys_mask2former(input_size: tuple, image_size: tuple, own: tuple) -> None:
    transformers = pytest.importorskip("transformers")
    outputs = _queries(2, 12, *own)
    theirs = transformers.Mask2FormerImageProcessorPil().post_process_semantic_segmentation(
        SimpleNamespace(
            class_queries_logits=torch.from_numpy(outputs["class_logits"]),
            masks_queries_logits=torch.from_numpy(outputs["mask_logits"]),
        ),
        target_sizes=[image_size],
    )[0]
    found = hf(outputs, input_size, image_size)
    assert (found == theirs.numpy()).mean() >= 0.9999


@pytest.mark.parametrize("rule", [reference, hf])
@pytest.mark.parametrize(("input_size", "image_size", "own"), SIZES)
def test_plain_logits_are_the_librarys_segformer(
    rule: Callable, input_size: tuple, image_size: tuple, own: tuple
) -> None:
    transformers = pytest.importorskip("transformers")
    outputs = _plain(3, *own)
    theirs = transformers.SegformerImageProcessorPil().post_process_semantic_segmentation(
        SimpleNamespace(logits=torch.from_numpy(outputs["logits"])), target_sizes=[image_size]
    )[0]
    assert (rule(outputs, input_size, image_size) == theirs.numpy()).mean() >= 0.9999


def test_class_map_is_the_combined_map() -> None:
    outputs = _queries(4, 9, 24, 40)
    expected = torch.einsum(
        "bqc,bqhw->bchw",
        torch.from_numpy(outputs["class_logits"]).softmax(-1)[..., :-1],
        torch.from_numpy(outputs["mask_logits"]).sigmoid(),
    )[0]
    found = class_map(outputs)
    assert found.dtype == np.float32
    assert np.allclose(found, expected.numpy(), atol=1e-5)


def test_class_map_of_logits_and_of_labels() -> None:
    plain = _plain(0, 8, 8)
    assert np.array_equal(class_map(plain), plain["logits"][0])
    found = class_map({"labels": np.array([[[0, 2], [1, 2]]], np.float32)})
    assert found.shape == (3, 2, 2)
    assert found.argmax(0).tolist() == [[0, 2], [1, 2]]


def test_strips_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    outputs = _queries(5, 8, 16, 32)
    jobs = [((64, 128), (64, 128)), ((64, 128), (90, 70)), ((64, 128), (20, 33))]
    whole = [reference(outputs, *job) for job in jobs]
    monkeypatch.setattr("bench.transforms.strips.SCRATCH", 1)
    for job, expected in zip(jobs, whole, strict=True):
        assert (reference(outputs, *job) == expected).mean() >= 0.999


@settings(max_examples=20)
@given(seed=st.integers(0, 50), shift=st.floats(-50, 50))
def test_a_constant_added_to_all_logits_changes_nothing(seed: int, shift: float) -> None:
    outputs = _plain(seed, 8, 16)
    moved = {"logits": outputs["logits"] + np.float32(shift)}
    same = reference(outputs, (32, 64), (32, 64)) == reference(moved, (32, 64), (32, 64))
    assert same.mean() >= 0.995  # float32 rounds near ties


def test_no_object_queries_say_nothing() -> None:
    outputs = _queries(6, 4, 8, 16)
    outputs["class_logits"][0, 1:, 19] = 60.0
    first = outputs["class_logits"][0, 0, :19].argmax()
    assert np.all(reference(outputs, (32, 64), (32, 64)) == first)


def test_broken_numbers_are_void_and_raise_no_warning() -> None:
    outputs = _queries(7, 4, 8, 16)
    outputs["mask_logits"][0, 2, :4] = np.nan
    outputs["mask_logits"][0, 1, :, 12:] = np.inf
    found = reference(outputs, (8, 16), (8, 16))
    assert np.all(found[:4] == 255)
    assert np.all(found[4:] != 255)
    outputs["class_logits"][:] = np.nan
    assert np.all(hf(outputs, (8, 16), (20, 30)) == 255)
    assert class_map(outputs).shape == (19, 8, 16)


def test_only_the_first_image_of_a_batch_counts() -> None:
    one, two = _queries(8, 4, 8, 16), _queries(9, 4, 8, 16)
    both = {k: np.concatenate([one[k], two[k]]) for k in one}
    size = (32, 64)
    assert np.array_equal(reference(both, size, size), reference(one, size, size))


@pytest.mark.parametrize("rule", [reference, hf])
def test_labels_pass_and_are_resized_by_nearest(rule: Callable) -> None:
    found = np.array([[[0, 18], [3, 255]]], np.float32)
    assert rule({"labels": found}, (2, 2), (2, 2)).tolist() == [[0, 18], [3, 255]]
    big = rule({"labels": found}, (2, 2), (4, 6))
    assert np.array_equal(big, found[0].repeat(2, 0).repeat(3, 1))


def test_labels_that_mean_nothing_are_void() -> None:
    found = reference({"labels": np.array([[[-1, 256, np.nan, 7]]], np.float32)}, (1, 4), (1, 4))
    assert found.tolist() == [[255, 255, 255, 7]]


@pytest.mark.parametrize("rule", [reference, hf])
@pytest.mark.parametrize("input_size", [(512, 1024), (1024, 2048)])
def test_scratch_memory_is_bounded(
    rule: Callable, input_size: tuple, monkeypatch: pytest.MonkeyPatch
) -> None:
    outputs = {
        "class_logits": np.zeros((1, 100, 20), np.float32),
        "mask_logits": np.zeros((1, 100, 64, 128), np.float32),
    }
    # A few strips tell: none keeps anything but its labels.
    blocks = strips.blocks
    monkeypatch.setattr(strips, "blocks", lambda *a: islice(blocks(*a), 100, 105))
    tracemalloc.start()
    rule(outputs, input_size, (1024, 2048))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 32e6


def test_features_have_no_labels_and_are_their_own_map():
    features = np.arange(12, dtype=np.float32).reshape(1, 4, 3)
    labels = reference({"features": features}, (8, 8), (5, 7))
    assert labels.shape == (5, 7)
    assert (labels == VOID).all()
    np.testing.assert_array_equal(class_map({"features": features}), features[0])
