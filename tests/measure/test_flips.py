"""Against scipy's distances and a plain sort, pixel by pixel."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from bench.measure.flips import arrays, count, distances, margin_of
from bench.record.flips import DISTANCE, DISTANCES, MARGIN, MARGINS, PAIR


def cells(found, by):
    return {(int(a), int(b)): int(n) for k, a, b, n in found if k == by}


def blocks(seed, size=(40, 56)):
    rng = np.random.default_rng(seed)
    small = rng.integers(0, 4, (5, 7)).astype(np.uint8)
    return np.kron(small, np.ones((8, 8), np.uint8))[: size[0], : size[1]]


@settings(max_examples=25)
@given(st.integers(0, 2**31))
def test_distances_are_scipys(seed):
    labels = blocks(seed)
    edge = np.zeros(labels.shape, bool)
    for axis in (0, 1):
        step = np.diff(labels.astype(int), axis=axis) != 0
        edge |= np.pad(step, [(0, 1) if i == axis else (0, 0) for i in (0, 1)])
        edge |= np.pad(step, [(1, 0) if i == axis else (0, 0) for i in (0, 1)])
    far = ndimage.distance_transform_edt(~edge) if edge.any() else np.full(labels.shape, np.inf)
    want, found = np.digitize(far, DISTANCES), distances(labels)
    near = np.abs(far[..., None] / np.array(DISTANCES) - 1).min(-1) < 0.025
    assert (want == found)[~near].all()


def test_distances_along_rows_are_exact():
    labels = np.repeat([[0, 1]], 20, 1).repeat(3, 0).astype(np.uint8)
    far = np.abs(np.arange(40) - 19.5) - 0.5
    assert (distances(labels) == np.digitize(far, DISTANCES)).all()


def test_a_map_of_one_class_has_no_boundary():
    assert (distances(np.full((4, 5), 3, np.uint8)) == len(DISTANCES)).all()


def test_pairs_distances_and_margins_add_up():
    rng = np.random.default_rng(1)
    want = blocks(2)
    found = np.where(rng.random(want.shape) < 0.1, (want + 1) % 4, want).astype(np.uint8)
    found[0, 0] = 255
    scores = rng.random((4, 10, 14)).astype(np.float32)
    margin = margin_of(scores)
    top = np.sort(scores, 0)
    np.testing.assert_array_equal(margin, top[-1] - top[-2])
    made = count(want, found, margin)

    pairs = cells(made, PAIR)
    differs = want != found
    assert all(a != b for a, b in pairs)
    assert pairs[int(want[0, 0]), 255] == 1
    assert sum(pairs.values()) == differs.sum()
    for by, bins in (
        (DISTANCE, distances(want)),
        (MARGIN, np.kron(np.digitize(margin, MARGINS), np.ones((4, 4), int))),
    ):
        by_bin = cells(made, by)
        for k in np.unique(bins):
            assert by_bin.get((k, 1), 0) == (differs & (bins == k)).sum()
            assert by_bin.get((k, 0), 0) == (~differs & (bins == k)).sum()


def test_equal_labels_leave_no_pair_and_keep_the_pixels():
    want = blocks(3)
    made = count(want, want, None)
    assert not cells(made, PAIR)
    assert not cells(made, MARGIN)
    assert sum(cells(made, DISTANCE).values()) == want.size
    assert margin_of(np.zeros((1, 2, 2), np.float32)) is None


def test_images_stay_apart_and_one_without_a_reference_has_no_cells():
    a = blocks(4)
    one, two = count(a, a, None), count(a, (a + 1) % 4, None)
    joined = arrays([one, None, two])
    assert sorted(joined) == ["by", "count", "first", "image", "second"]
    assert joined["image"].tolist() == [0] * len(one) + [2] * len(two)
    assert joined["count"].sum() == one[:, 3].sum() + two[:, 3].sum()
    assert all(x.dtype == np.uint32 for x in joined.values())
    assert len(arrays([None])["image"]) == 0
