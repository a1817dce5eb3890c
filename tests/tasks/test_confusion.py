import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hn

from bench.errors import RecordError
from bench.tasks import confusion

MAPS = hn.array_shapes(min_dims=2, max_dims=2, max_side=9).flatmap(
    lambda shape: st.tuples(*[hn.arrays(np.uint8, shape, elements=st.integers(0, 255))] * 2)
)


@given(MAPS, st.integers(1, 30))
def test_counts_are_those_of_a_loop_over_pixels(maps, classes):
    truth, prediction = maps
    expected = np.zeros((classes + 1, classes + 1), np.int64)
    for t, p in zip(truth.ravel().tolist(), prediction.ravel().tolist(), strict=True):
        expected[min(t, classes), min(p, classes)] += 1
    assert (confusion.count(truth, prediction, classes) == expected).all()


def test_more_pixels_than_float32_counts(monkeypatch):
    monkeypatch.setattr(confusion, "EXACT", 64)
    rng = np.random.default_rng(0)
    truth, prediction = rng.integers(0, 4, (2, 33, 16)).astype(np.uint8)
    expected = np.zeros((4, 4), np.int64)
    np.add.at(expected, (truth, prediction), 1)
    assert (confusion.joint(truth, prediction)[:4, :4] == expected).all()


def test_views_count_like_their_copies():
    maps = np.random.default_rng(0).integers(0, 3, (2, 8, 16)).astype(np.uint8)
    view, copy = maps[:, ::2, 1::3], maps[:, ::2, 1::3].copy()
    assert (confusion.count(*view, 3) == confusion.count(*copy, 3)).all()


def test_shapes_must_match():
    with pytest.raises(ValueError, match="don't match"):
        confusion.count(np.zeros((2, 3), np.uint8), np.zeros((3, 2), np.uint8), 2)


@given(hn.arrays(np.int64, (3, 4, 4), elements=st.integers(0, 2**32 - 1)))
def test_sparse_and_back(counts):
    arrays = confusion.to_sparse(counts)
    assert {a.dtype for a in arrays.values()} == {np.dtype(np.uint32)}
    assert arrays["count"].all()
    assert (confusion.from_sparse(arrays, 3, 3) == counts).all()


def test_no_images_stack_to_an_empty_tensor():
    assert confusion.stack([], 19).shape == (0, 20, 20)
    assert confusion.from_sparse(confusion.to_sparse(confusion.stack([], 2)), 0, 2).size == 0


def test_a_record_that_does_not_fit_is_named():
    arrays = confusion.to_sparse(np.ones((2, 4, 4), np.int64))
    with pytest.raises(RecordError, match="don't fit 1 images of 3 classes"):
        confusion.from_sparse(arrays, 1, 3)
    with pytest.raises(RecordError, match="truth"):
        confusion.from_sparse({k: v for k, v in arrays.items() if k != "truth"}, 2, 3)
