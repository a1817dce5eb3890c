import numpy as np
import pytest

from bench.tasks import edge


@pytest.mark.parametrize("size", [(100, 140), (40, 200), (8, 8)])
def test_only_pixels_near_the_edge_count(size):
    """Pixel by pixel, after the definition."""
    rng = np.random.default_rng(0)
    truth, guess = rng.choice([0, 1, 2, 255], (2, *size)).astype(np.uint8)
    truth[:, 0] = 3  # a class that is never right
    part, whole = np.zeros((2, 5), int)
    for y in range(size[0]):
        for x in range(size[1]):
            t, g = int(truth[y, x]), int(guess[y, x])
            if t == 255 or min(y, x, size[0] - 1 - y, size[1] - 1 - x) >= 32:
                continue
            part[t] += t == g
            whole[t] += 1
            if g not in (t, 255):
                whole[g] += 1
    found = edge.count(truth, guess, 5)
    there = np.flatnonzero(whole)
    assert found["class_index"].tolist() == there.tolist()
    assert found["intersection"].tolist() == part[there].tolist()
    assert found["union"].tolist() == whole[there].tolist()
    assert {a.dtype for a in found.values()} == {np.dtype(np.uint32)}
