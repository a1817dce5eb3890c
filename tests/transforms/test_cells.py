import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.transforms import cells, strips
from bench.transforms.labels import reference

CLASSES = 7


def _outputs(seed, queries, size, smooth, scale=6.0):
    """Class probabilities, (C, Q), and mask logits: blobs, or noise where `smooth` is 0."""
    rng = np.random.default_rng(seed)
    masks = rng.normal(size=(queries, *size))
    if smooth:
        masks = np.stack([cv2.GaussianBlur(m, (0, 0), smooth) for m in masks])
    masks *= scale / masks.std()
    logits = rng.normal(0, 2, (queries, CLASSES + 1))
    powers = np.exp(logits)
    weights = (powers / powers.sum(1, keepdims=True))[:, :-1].T
    return np.ascontiguousarray(weights, np.float32), masks.astype(np.float32)


def _full(weights, masks, size):
    """Map of every class at a size, computed everywhere."""
    return strips.combined(weights, masks, size)(0, size[0])


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 99),
    own=st.tuples(st.integers(2, 9), st.integers(2, 12)),
    factors=st.tuples(st.integers(2, 5), st.integers(2, 5)),
    smooth=st.sampled_from([0, 1.5]),
    scale=st.sampled_from([0.01, 6.0, 60.0]),
)
def test_labels_are_those_of_the_full_map(seed, own, factors, smooth, scale):
    weights, masks = _outputs(seed, 6, own, smooth, scale)
    size = own[0] * factors[0], own[1] * factors[1]
    assert cells.apply(masks, size)
    found = cells.labels(weights, masks, size)
    sums = _full(weights, masks, size)
    ranked = np.sort(sums, axis=0)
    clear = ranked[-1] - ranked[-2] > 1e-5  # else two orders of summing may differ
    assert np.array_equal(found[clear], sums.argmax(0)[clear])
    assert found.max() < CLASSES


def test_few_cells_of_smooth_masks_are_computed(monkeypatch):
    weights, masks = _outputs(3, 12, (64, 128), 10)
    computed = []
    inner = cells._computed

    def counting(weights, flat, mix, at, stride):
        computed.append(len(at))
        return inner(weights, flat, mix, at, stride)

    monkeypatch.setattr(cells, "_computed", counting)
    found = cells.labels(weights, masks, (256, 512))
    assert np.array_equal(found, _full(weights, masks, (256, 512)).argmax(0))
    assert 0 < sum(computed) < 0.35 * 65 * 129


def test_threads_and_strips_change_nothing(monkeypatch):
    weights, masks = _outputs(4, 9, (16, 24), 2)
    whole = cells.labels(weights, masks, (64, 96))
    monkeypatch.setattr(strips, "SCRATCH", 1)
    monkeypatch.setattr(cv2, "getNumThreads", lambda: 3)
    assert np.array_equal(cells.labels(weights, masks, (64, 96)), whole)


def test_weights_that_are_no_numbers_are_void():
    weights, masks = _outputs(5, 4, (8, 16), 1)
    weights[:, 1] = np.nan
    assert np.all(cells.labels(weights, masks, (16, 32)) == 255)


@pytest.mark.parametrize("size", [(8, 16), (24, 40), (12, 16)])
def test_other_factors_are_left_to_the_full_map(size):
    assert not cells.apply(np.zeros((3, 8, 16), np.float32), size)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_broken_masks_are_left_to_the_full_map(value):
    masks = np.zeros((1, 3, 8, 16), np.float32)
    masks[0, 1, 2, 3] = value
    assert not cells.apply(masks[0], (16, 32))
    outputs = {"mask_logits": masks, "class_logits": np.zeros((1, 3, 8), np.float32)}
    assert reference(outputs, (16, 32), (16, 32)).shape == (16, 32)
