import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.metrics import intervals
from bench.tasks import overlap
from bench.tasks.base import Ratios
from tests.tasks import scored

C = 8
PRESENCE = np.array([1, 0.95, 0.9, 0.6, 0.5, 0.4, 0.3, 0.25])
SKILL = np.array([0.95, 0.9, 0.8, 0.6, 0.6, 0.5, 0.6, 0.5])
SIZE = np.array([60e3, 40e3, 20e3, 9e3, 6e3, 4e3, 3e3, 2e3])


def iou(counts, of=None):
    """Ratios of the classes, or of categories."""
    parts = overlap.parts(counts) if of is None else overlap.category_parts(counts, of)
    return Ratios(tuple(map(str, range(parts[0].shape[1]))), *parts)


def difference(a, b, groups=()):
    """Of the means."""
    return intervals.Differences(iou(a), iou(b), groups).mean


def scenes(images, rng):
    """Counts of two variants, the second a little worse, (images, C+1, C+1) each; rare classes and
    hard images, as in the street."""
    hard = rng.normal(0, 0.6, (images, 1))
    pixels = (rng.random((images, C)) < PRESENCE) * SIZE * np.exp(rng.normal(0, 0.8, (images, C)))
    logit = np.log(SKILL / (1 - SKILL)) + hard + rng.normal(0, 0.8, (images, C))
    worse = logit - 0.05 - 0.1 * np.abs(rng.normal(0, 1, (images, C)))
    spread = SIZE * np.exp(rng.normal(0, 1, (images, C)))
    spread /= spread.sum(1, keepdims=True)
    made = []
    for score in (logit, worse):
        hit = pixels / (1 + np.exp(-score))
        counts = np.zeros((images, C + 1, C + 1))
        counts[:, :C, :C] = (pixels - hit)[:, :, None] * spread[:, None, :]
        counts[:, range(C), range(C)] += hit
        made.append(counts.astype(np.int64))
    return made


@pytest.fixture(scope="module")
def truth():
    rng = np.random.default_rng(99)
    sums = [np.zeros((C + 1, C + 1), np.int64) for _ in range(2)]
    for _ in range(10):
        sums = [s + c.sum(0) for s, c in zip(sums, scenes(4000, rng), strict=True)]
    return [scored.miou(s) for s in sums]


@pytest.fixture(scope="module")
def truth_by_class():
    rng = np.random.default_rng(99)
    sums = [np.zeros((C + 1, C + 1), np.int64) for _ in range(2)]
    for _ in range(10):
        sums = [s + c.sum(0) for s, c in zip(sums, scenes(4000, rng), strict=True)]
    return scored.class_iou(sums[1]) - scored.class_iou(sums[0])


def test_nineteen_of_twenty_intervals_hold_the_truth(truth):
    """Simulated sets of 25 images: between 90 and 99 % of the intervals."""
    rng = np.random.default_rng(5)
    sets, held, paired = 400, 0, 0
    for _ in range(sets):
        a, b = scenes(25, rng)
        one, two = intervals.mean_interval(iou(a)), difference(b, a)
        held += one.low <= truth[0] <= one.high
        paired += two.low <= truth[1] - truth[0] <= two.high
    assert 0.90 <= held / sets <= 0.99
    assert 0.90 <= paired / sets <= 0.99


def test_intervals_of_differences_hold_class_by_class(truth_by_class):
    """Simulated sets of 25 images, common and rare classes; never narrower than the jackknife's."""
    rng = np.random.default_rng(6)
    held = []
    for _ in range(150):
        a, b = scenes(25, rng)
        found = intervals.Differences(iou(b), iou(a)).each.values()
        held += [
            [f.low <= t <= f.high for f, t in zip(found, truth_by_class, strict=True) if f.low]
        ]
    shares = [x for row in held for x in row]
    assert len(shares) > 0.98 * 150 * C
    assert 0.90 <= np.mean(shares) <= 0.99


def test_a_difference_is_no_narrower_than_the_jackknife():
    a, b = scenes(12, np.random.default_rng(8))
    found = difference(b, a)
    without = np.array([
        scored.miou(np.delete(b, i, 0)) - scored.miou(np.delete(a, i, 0)) for i in range(12)
    ])
    error = np.sqrt(11 / 12 * ((without - without.mean()) ** 2).sum())
    assert found.high - found.value >= 2.2009 * error
    assert found.note == "12 images, resampled in pairs"
    assert found.detectable == pytest.approx(found.high - found.value + 0.8755 * error, rel=0.2)


def test_categories_are_compared_as_classes_are():
    a, b = scenes(20, np.random.default_rng(9))
    of = ("x",) * 3 + ("y",) * 5
    found = intervals.Differences(iou(b, of), iou(a, of)).each.values()
    want = [scored.category_iou(b, of)[k] - scored.category_iou(a, of)[k] for k in ("x", "y")]
    assert [f.value for f in found] == pytest.approx(want)
    alone = [f.value for f in intervals.each_interval(iou(a, of))]
    assert alone == pytest.approx(list(scored.category_iou(a, of).values()))


def test_the_standard_error_is_about_that_of_a_bootstrap():
    rng = np.random.default_rng(3)
    a, _ = scenes(100, rng)
    drawn = [scored.miou(a[rng.integers(100, size=100)]) for _ in range(1000)]
    found = intervals.mean_interval(iou(a))
    assert found.high - found.low == pytest.approx(2 * 1.984 * np.std(drawn), rel=0.15)


def test_pairing_narrows_a_difference():
    a, b = scenes(50, np.random.default_rng(0))
    found = difference(b, a)
    assert found.value == pytest.approx(scored.miou(b) - scored.miou(a))
    assert found.low < found.value < found.high < 0
    alone = intervals.mean_interval(iou(a))
    assert found.high - found.low < (alone.high - alone.low) / 3


@given(st.integers(2, 12), st.integers(0, 1000))
def test_a_difference_turns_its_sign_and_is_zero_to_itself(images, seed):
    a, b = scenes(images, np.random.default_rng(seed))
    there, back = difference(a, b), difference(b, a)
    turned = (-back.value, -back.high, -back.low)
    assert (there.value, there.low, there.high) == pytest.approx(turned, abs=1e-12)
    same = difference(a, a)
    assert (same.value, same.low, same.high) == (0, 0, 0)


def test_cities_are_left_out_whole_where_there_are_ten():
    rng = np.random.default_rng(1)
    a = np.concatenate([scenes(1, rng)[0].repeat(4, axis=0) for _ in range(12)])
    cities = tuple(f"city{i // 4}" for i in range(48))
    by_image, by_city = intervals.mean_interval(iou(a)), intervals.mean_interval(iou(a), cities)
    assert by_city.note == "12 groups, one left out at a time"
    # Four equal images a city hold as much as one: the interval is that of twelve images.
    pairs = difference(a, a + (a > 0), cities)
    assert pairs.note == "12 groups, resampled in pairs"
    assert by_city.high - by_city.low > 1.8 * (by_image.high - by_image.low)
    few = tuple(f"city{i % 3}" for i in range(48))
    assert intervals.mean_interval(iou(a), few) == by_image


def test_one_image_gives_no_interval():
    a, b = scenes(1, np.random.default_rng(0))
    for found in (intervals.mean_interval(iou(a)), difference(a, b)):
        assert (found.low, found.high) == (None, None)
        assert "one image" in found.note


def test_a_class_in_one_image_has_a_value_and_no_interval():
    counts = np.zeros((3, 3, 3), np.int64)
    counts[:, 0, 0] = 5, 6, 7
    counts[1, 0, 1] = 1
    counts[1, 1, 1] = 3
    often, once = intervals.each_interval(iou(counts))
    assert often.low < often.value < often.high
    assert (once.value, once.low) == (0.75, None)
    counts[1, :, 1] = 0
    assert np.isnan(intervals.each_interval(iou(counts))[1].value)


def test_ends_stay_between_none_and_all():
    counts = np.zeros((2, 2, 2), np.int64)
    counts[:, 0] = [[100, 0], [10, 90]]
    found = intervals.mean_interval(iou(counts))
    assert (found.low, found.high) == (0.0, 1.0)


def test_shapes_must_match():
    a, _ = scenes(3, np.random.default_rng(0))
    with pytest.raises(ValueError, match="can't be paired"):
        difference(a, a[:2])


def test_images_are_aligned_by_name():
    at, of = intervals.align(("b", "x", "a"), ("a", "b", "c"))
    assert (at.tolist(), of.tolist()) == ([0, 2], [1, 0])
    assert intervals.align((), ("a",))[0].size == 0
