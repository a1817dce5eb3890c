from __future__ import annotations

import pickle

import numpy as np

from bench.segments import VOID, Segments


def test_labels_are_the_classes_of_the_segments_and_void_elsewhere() -> None:
    found = Segments(
        np.array([[0, 1, 2], [3, 3, 0]], np.int32), np.array([7, 0, 7], np.int32), np.zeros(3, bool)
    )
    labels = found.labels()
    assert labels.dtype == np.uint8
    np.testing.assert_array_equal(labels, [[VOID, 7, 0], [7, 7, VOID]])
    assert pickle.loads(pickle.dumps(found)).ids.dtype == np.int32


def test_an_image_without_segments_is_void() -> None:
    nothing = Segments(np.zeros((2, 3), np.int32), np.zeros(0, np.int32), np.zeros(0, bool))
    assert (nothing.labels() == VOID).all()
