import numpy as np
import pytest

from bench.metrics.power import detectable
from bench.metrics.student import quantile


def test_a_drop_of_that_size_is_seen_in_four_of_five_sets():
    """Normal differences with a known scatter, whose interval is Student's."""
    rng = np.random.default_rng(0)
    images, sets = 50, 4000
    error = 1 / np.sqrt(images)
    drop = detectable(quantile(0.975, images - 1) * error, error, images - 1)
    drawn = rng.normal(-drop, 1, (sets, images))
    half = quantile(0.975, images - 1) * drawn.std(axis=1, ddof=1) / np.sqrt(images)
    assert np.mean(drawn.mean(1) + half < 0) == pytest.approx(0.8, abs=0.02)
