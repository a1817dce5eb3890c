import numpy as np
import pytest

from bench.metrics.estimate import detectable, geometric, quantile, student


@pytest.mark.parametrize(
    ("share", "freedom", "value"), [(0.975, 10, 2.2281), (0.8, 49, 0.8490), (0.5, 3, 0.0)]
)
def test_quantiles_are_those_of_the_table(share, freedom, value):
    assert quantile(share, freedom) == pytest.approx(value, abs=1e-4)


def test_one_value_has_no_interval_and_equal_ones_a_narrow_one():
    assert geometric(np.log([8.0])).low is None
    found = geometric(np.log([2.0, 8.0]))
    assert found.value == pytest.approx(4)
    assert found.high / found.value == pytest.approx(found.value / found.low)
    assert geometric(np.log([8.0, 8.0])).low == pytest.approx(8)


def test_a_drop_of_that_size_is_seen_in_four_of_five_sets():
    """Normal differences with a known scatter, whose interval is Student's."""
    rng = np.random.default_rng(0)
    images, sets = 50, 4000
    error = 1 / np.sqrt(images)
    drop = detectable(student(images - 1) * error, error, images - 1)
    drawn = rng.normal(-drop, 1, (sets, images))
    half = student(images - 1) * drawn.std(axis=1, ddof=1) / np.sqrt(images)
    assert np.mean(drawn.mean(1) + half < 0) == pytest.approx(0.8, abs=0.02)
