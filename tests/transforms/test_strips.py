from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from bench.transforms import strips


@given(st.integers(1, 3000), st.integers(1, 1 << 20))
def test_blocks_cover_every_row_once(height: int, per_row: int) -> None:
    found = list(strips.blocks(height, per_row))
    assert [r for a, b in found for r in range(a, b)] == list(range(height))
    assert all((b - a) * per_row <= strips.SCRATCH or b - a == 1 for a, b in found)


@given(st.integers(1, 40), st.integers(1, 40))
def test_taps_stay_inside_and_mix_neighbours(source: int, target: int) -> None:
    first, second, weight = strips.taps(source, target, 0, target)
    assert first.min() >= 0
    assert second.max() <= source - 1
    assert np.all((second - first == 1) | (weight == 0))
    assert np.all((weight >= 0) & (weight < 1))


def test_taps_leave_an_equal_size_alone() -> None:
    first, _, weight = strips.taps(9, 9, 0, 9)
    assert first.tolist() == list(range(9))
    assert not weight.any()


@pytest.mark.parametrize(
    ("size", "target"),
    [((16, 32), (64, 128)), ((16, 32), (37, 53)), ((40, 60), (17, 19)), ((60, 30), (6, 90)),
     ((1, 1), (5, 4)), ((8, 8), (8, 8)), ((32, 32), (16, 16))],
)  # fmt: skip
@pytest.mark.parametrize("step", [1, 3, 100])
def test_stretching_equals_torch(size: tuple[int, int], target: tuple[int, int], step: int) -> None:
    torch = pytest.importorskip("torch")
    source = np.random.default_rng(0).normal(size=(3, *size)).astype(np.float32)
    theirs = torch.nn.functional.interpolate(
        torch.from_numpy(source)[None], size=target, mode="bilinear", align_corners=False
    )[0].numpy()
    rows = strips.Kept(lambda a, b: source[:, a:b])
    ours = [
        strips.stretched(rows, size, target, a, min(a + step, target[0]))
        for a in range(0, target[0], step)
    ]
    assert np.allclose(np.concatenate(ours, axis=1), theirs, atol=1e-5)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 10)), min_size=1, max_size=8))
def test_kept_rows_are_the_rows(spans: list[tuple[int, int]]) -> None:
    source = np.arange(40, dtype=np.float32).reshape(2, 20, 1)
    kept = strips.Kept(lambda a, b: source[:, a:b])
    for start, count in spans:
        assert np.array_equal(kept(start, start + count), source[:, start : start + count])


def test_kept_rows_are_asked_for_once() -> None:
    asked: list[tuple[int, int]] = []

    def rows(a: int, b: int) -> np.ndarray:
        asked.append((a, b))
        return np.zeros((1, b - a, 1), np.float32)

    kept = strips.Kept(rows)
    kept(0, 4)
    kept(3, 6)
    kept(4, 6)
    assert asked == [(0, 4), (4, 6)]


@given(
    hnp.arrays(
        np.float32,
        hnp.array_shapes(min_dims=3, max_dims=3, max_side=6),
        elements=st.sampled_from([-1.5, 0.0, 0.25, 3.0, np.inf]),
    )
)
def test_winner_is_numpys_argmax(part: np.ndarray) -> None:
    out = np.zeros(part.shape[1:], np.uint8)
    strips.winner(part, out)
    assert np.array_equal(out, part.argmax(axis=0))


def test_no_number_wins_nothing() -> None:
    part = np.ones((3, 1, 4), np.float32)
    part[1, 0, 2] = np.nan
    part[:, 0, 3] = np.nan
    out = np.zeros((1, 4), np.uint8)
    with np.errstate(all="ignore"):
        strips.winner(part, out)
    assert out.tolist() == [[0, 0, 255, 255]]


def test_combining_equals_its_formula() -> None:
    rng = np.random.default_rng(0)
    weights = rng.random((4, 7)).astype(np.float32)
    masks = rng.normal(0, 4, (7, 6, 5)).astype(np.float32)
    expected = np.einsum("cq,qhw->chw", weights, 1 / (1 + np.exp(-masks.astype(np.float64))))
    rows = strips.combined(weights, masks, (6, 5))
    assert np.allclose(rows(0, 6), expected, atol=1e-5)
    assert np.allclose(rows(2, 4), expected[:, 2:4], atol=1e-5)
