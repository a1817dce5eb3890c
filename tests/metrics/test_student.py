import pytest

from bench.metrics.student import quantile


@pytest.mark.parametrize(
    ("share", "freedom", "value"), [(0.975, 10, 2.2281), (0.8, 49, 0.8490), (0.5, 3, 0.0)]
)
def test_quantiles_are_those_of_the_table(share, freedom, value):
    assert quantile(share, freedom) == pytest.approx(value, abs=1e-4)
