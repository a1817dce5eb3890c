from __future__ import annotations

import numpy as np

from bench.segments import VOID
from bench.tasks import reliability


def test_pixels_lie_in_the_bin_of_their_confidence() -> None:
    truth = np.array([[0, 1, 1, VOID, 2, 0]], np.uint8)
    prediction = np.array([[0, 1, 2, 1, VOID, 0]], np.uint8)
    sure = np.array([[1.0, 0.5, 0.51, 0.9, 0.0, np.nan]], np.float32)
    found = reliability.count(truth, prediction, sure, 3)
    assert found["bin"].tolist() == [0, 7, 14]
    assert found["pixels"].tolist() == [1, 2, 1]
    assert found["correct"].tolist() == [0, 1, 1]
    assert np.allclose(found["confidence"], [0.0, 1.01, 1.0])
    none = reliability.count(truth[:, 3:4], prediction[:, 3:4], sure[:, 3:4], 3)
    assert all(len(v) == 0 for v in none.values())
