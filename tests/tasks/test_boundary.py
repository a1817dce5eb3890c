from __future__ import annotations

import cv2
import numpy as np
import pytest

from bench.segments import VOID
from bench.tasks import boundary

CLASSES = 5


def _published(mask: np.ndarray) -> np.ndarray:
    """Boundary region of one class: its mask minus its mask eroded step by step."""
    height, width = mask.shape
    steps = max(1, round(0.02 * np.sqrt(height**2 + width**2)))
    padded = np.pad(mask.astype(np.uint8), 1)
    for _ in range(steps):
        padded = cv2.erode(padded, np.ones((3, 3), np.uint8))
    return mask & ~padded[1:-1, 1:-1].astype(bool)


def _labels(seed: int, size: tuple[int, int]) -> np.ndarray:
    rng = np.random.default_rng(seed)
    blocks = rng.choice([*range(CLASSES), VOID], (size[0] // 12 + 1, size[1] // 12 + 1))
    labels = blocks.repeat(12, 0).repeat(12, 1)[: size[0], : size[1]].astype(np.uint8)
    flat = rng.random(size) < 0.02
    labels[flat] = rng.choice([*range(CLASSES), VOID], flat.sum())
    return labels


@pytest.mark.parametrize(
    ("seed", "size"), [(0, (60, 90)), (1, (33, 20)), (2, (150, 40)), (3, (3, 2))]
)
def test_counts_are_those_of_the_published_rule(seed: int, size: tuple[int, int]) -> None:
    truth, prediction = _labels(seed, size), _labels(seed + 9, size)
    prediction = np.where(_labels(seed + 20, size) < 3, truth, prediction)
    found = boundary.count(truth, prediction, CLASSES)
    assert all(v.dtype == np.uint32 for v in found.values())
    rows = dict(
        zip(
            found["class_index"].tolist(),
            zip(found["intersection"].tolist(), found["union"].tolist(), strict=True),
            strict=True,
        )
    )
    labelled = truth != VOID
    for c in range(CLASSES):
        one, other = (_published(m == c) & labelled for m in (truth, prediction))
        expected = (int((one & other).sum()), int((one | other).sum()))
        assert rows.get(c, (0, 0)) == expected


def test_equal_maps_share_their_whole_boundary() -> None:
    labels = _labels(5, (80, 80))
    found = boundary.count(labels, labels, CLASSES)
    assert found["intersection"].tolist() == found["union"].tolist()
    # Far from every edge nothing is counted.
    assert not boundary.region(np.zeros((200, 200), np.uint8))[100, 100]
    assert boundary.region(np.zeros((200, 200), np.uint8))[5].all()
